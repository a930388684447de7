# What start.sh has FreeSWITCH's log go through, with `sed -u -E`. README.md, "The log", says what it covers and what not.

# FreeSWITCH names a caller's leg after its From, decoded: a number with blanks, a name, anything (sofia.c, url_set_chanvars).
s!(sofia/(trunk|softphone)/)[^@%]*([@%]|$)!\1<caller>\3!g

# A phone number is seven or more digits, with up to three of - . ( ) between two of them. Kept is what only looks like
# one: UUIDs, SHA-256 (prompts are called so), dates with or without their time, IPv4 addresses. A line has no \n of its own:
# what is kept comes to stand between two of them, and takes the place of the <digits> before it.
s/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|20[0-9]{2}-[01][0-9]-[0-3][0-9]( [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6})?|(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3})|[0-9]([-.()]{0,3}[0-9]){6,}/<digits>\n\1\n/g
s/<digits>\n([^\n]+)\n/\1/g
s/\n\n//g

# Keys that were pressed, one a line: whether `sensitive_dtmf` is set or not, by either party, before or during a call.
s/(DTMF( [A-Z:]+)*[ ([]+)[0-9A-D*#]/\1?/g
s/(([Dd]igit|DIGIT|TERMINATOR)( timeout parsing)?[ =']+)[0-9A-Da-d*#]([^A-Za-z0-9]|$)/\1?\4/g

# At `debug` FreeSWITCH shows what it executes: a question with its secret.
s/(masking_secret=)[^],]*/\1<secret>/g
