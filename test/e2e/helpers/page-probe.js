// Runs in a page before its own scripts: looks at the calls of the page from beside it.
const probe = {
  /** Every connection that the page made, oldest first. @type {RTCPeerConnection[]} */
  connections: [],

  /** What `connection` is being sent: its strongest frequency in hertz and that one's decibels. */
  async heardBy(connection) {
    const context = new AudioContext();
    try {
      await context.resume();
      const [receiver] = connection.getReceivers();
      const source = context.createMediaStreamSource(new MediaStream([receiver.track]));
      const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
      source.connect(analyser);
      await new Promise((resolve) => setTimeout(resolve, 600));
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const strongest = bins.indexOf(Math.max(...bins));
      return { hz: (strongest * context.sampleRate) / analyser.fftSize, decibels: bins[strongest] };
    } finally {
      await context.close();
    }
  },

  /** Codec, encryption and addresses of `connection`, from its own statistics. */
  async media(connection) {
    const stats = [...(await connection.getStats()).values()];
    const find = (type, holds = () => true) => stats.find((each) => each.type === type && holds(each));
    const inbound = find('inbound-rtp');
    const transport = find('transport');
    const pair = find('candidate-pair', ({ id }) => id === transport?.selectedCandidatePairId);
    return {
      codec: find('codec', ({ id }) => id === inbound?.codecId)?.mimeType,
      packets: inbound?.packetsReceived ?? 0,
      dtls: transport?.dtlsState,
      remote: find('remote-candidate', ({ id }) => id === pair?.remoteCandidateId)?.address,
      localPort: find('local-candidate', ({ id }) => id === pair?.localCandidateId)?.port,
    };
  },
};

const Native = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Native {
  constructor(...parameters) {
    super(...parameters);
    probe.connections.push(this);
  }
};
window.probe = probe;
