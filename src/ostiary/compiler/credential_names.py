"""Variables and tables of the rules about credentials; see ``credentials``."""

GENERATION = "proc.ost.cgen"
"""The generation of verdicts on credentials that counts; a new number withdraws all of them."""
JUDGEMENT = "txn.ost.jid"
"""By what the credential is judged that is looked at just now (``consumers.judging.Judgement.id``);
this and those up to ``ANEW`` are used for one policy after the other."""
PRESENTED = "txn.ost.cval"
"""The credential as it was sent, without its scheme."""
HASH = "txn.ost.chash"
KEY = "txn.ost.ckey"
"""What the verdict is remembered under: generation, judgement and the credential's SHA-256."""
BOUND_TO = "txn.ost.ccert"
"""SHA-256 of the admitted certificate that the client shows, upper-case hex; for tokens."""
CODE = "txn.ost.ccode"
"""The verdict: 1 admits, other numbers are ``consumers.reason.CredentialReason``."""
WHO = "txn.ost.cwho"
"""The consumer's UUID."""
PASSED = "txn.ost.cpassed"
"""Which of the judgement's tests hold, as bits."""
UNTIL = "txn.ost.cuntil"
"""Until when the row of this key holds, Unix seconds."""
STAMP = "txn.ost.cstamp"
"""Code and number of that row: no two rows that are told of one key have the same."""
SAME = "txn.ost.csame"
"""True where the connection has kept what that row holds."""
ANEW = "txn.ost.cnew"
"""True where the row was looked at just now."""
KEPT_KEY = "sess.ost.ckey"
"""``KEY`` of the connection's latest credential that was known; the next three are what its row
held. Most clients send the same one again, and comparing is cheaper than looking all of it up."""
KEPT_STAMP = "sess.ost.cstamp"
KEPT_WHO = "sess.ost.cwho"
KEPT_PASSED = "sess.ost.cpassed"
NOW = "txn.ost.cnow"
WORKER = "txn.ost.cpid"
"""The engine's process, so that the agent knows whose table to write to."""
TUNNEL = "txn.ost.ctunnel"
"""Of a request for a WebSocket, as ``names.TUNNEL``."""
CONSUMER = "txn.ost.consumer"
"""The request's consumer, as the steps of its pipeline have found it so far."""
CONSUMER_PASSED = "txn.ost.cnpassed"
"""Which of the pipeline's tests hold for it."""
OUTCOME = "txn.ost.creason"
"""What came of the latest step that asked for a credential, for the log."""
WOULD_FROM = 1_000
"""Added to the code where a step that only reports would have refused: the verdict's own reasons,
which are told in the same place, are below."""
ANONYMOUS = "txn.ost.anon"
"""True where a step with passThrough has found no consumer."""

TABLE = "ost_credentials"
GUESSERS = "ost_guessers"
"""Addresses from which too many wrong credentials came, and until when they are not asked about."""
REASONS_FILE = "credential-reasons.map"


def code_of_profile(number: int) -> str:
    """``CODE``, kept for the steps that ask for this kind of credential; itself for number 0."""
    return f"txn.ost.c{number or ''}code"


def who_of_profile(number: int) -> str:
    """``WHO``, likewise."""
    return f"txn.ost.c{number or ''}who"


def passed_of_profile(number: int) -> str:
    """``PASSED``, likewise."""
    return f"txn.ost.c{number or ''}passed"
