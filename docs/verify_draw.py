#!/usr/bin/env python3
"""Verifies the draw of a lottery from its proof: the second opinion to `stampede verify-draw`, with
which it shares no code.

    verify_draw.py FILE [--commitment HEX] [--key HEX] [--receipt FILE]...
    verify_draw.py --self-test draw-vectors.json

FILE is the proof of a draw or of one ballot (`-`: what comes in). A receipt is given as it is, or
as the whole answer that it came in. docs/draws.md says what is in
it, what is checked, and what the names and exit codes are. Python 3.9 or later; the package
`cryptography` checks the signatures of receipts. Without it everything else is checked, that is
said, and the exit code is 3 if a receipt was given.
"""

import argparse
import datetime
import functools
import hashlib
import json
import re
import struct
import sys

CODES = {
    "truncated": 10,
    "malformed": 11,
    "ballot-misplaced": 12,
    "count-differs": 13,
    "box-root-differs": 14,
    "lottery-root-differs": 15,
    "seed-differs": 16,
    "commitment-differs": 17,
    "beacon-unknown": 18,
    "randomness-differs": 19,
    "beacon-forged": 20,
    "beacon-early": 21,
    "round-differs": 22,
    "winners-differ": 23,
    "lots-differ": 24,
    "receipt-malformed": 25,
    "receipt-forged": 26,
    "receipt-key-differs": 27,
    "receipt-elsewhere": 28,
    "ballot-removed": 29,
    "ballot-added": 30,
    "ballot-changed": 31,
    "ballot-moved": 32,
    "path-differs": 33,
}
UNCHECKED = 3
MOST_BOXES = 64
MOST_LOTS_SHOWN = 100

# drand's network "quicknet".
QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
QUICKNET_GENESIS_S = 1692803367
QUICKNET_PERIOD_S = 3

BUNDLE = [
    "format",
    "lottery",
    "commitment",
    "winners",
    "reserves",
    "beacon",
    "seed",
    "root",
    "lots",
    "boxes",
]
BEACON = ["chain", "round", "signature", "randomness"]
BOX = ["count", "root", "ballots"]
SHARE = ["count", "root"]
INCLUSION = ["format", "ballot", "path", "boxes", "root"]
RECEIPT = [
    "format",
    "ballot",
    "previous",
    "following",
    "commitment",
    "round",
    "winners",
    "reserves",
    "key",
    "signature",
]

NUMBER = "(0|[1-9][0-9]*)"
NAME = "[a-z](?:-?[a-z0-9]){0,39}"
BALLOT = re.compile(f"bl_({NUMBER[1:-1]}|{NAME})_{NUMBER}_{NUMBER}_([0-9a-f]{{16}})", re.ASCII)
DAY = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
OWN_NAME = re.compile(NAME, re.ASCII)
MOST_OF_NAME = 40
U16, U64 = 2**16, 2**64


class Fraud(Exception):
    def __init__(self, name, sentence):
        super().__init__(f"{name}: {sentence}")
        self.code = CODES[name]


def need(holds, name, sentence):
    if not holds:
        raise Fraud(name, sentence)


# -- Reading: exactly the members and spellings of docs/draws.md. --


def parse(data, cut_short, malformed):
    """JSON without numbers that are no whole ones, without members said twice, and without
    anything behind it."""

    def refuse(text):
        raise Fraud(malformed, f"{text} is no number that belongs there")

    def whole(text):
        # A number longer than any that belongs anywhere is not worth reading.
        return refuse(text[:30]) if text.startswith("-") or len(text) > 20 else int(text)

    def once(pairs):
        found = dict(pairs)
        need(len(found) == len(pairs), malformed, "a member is said twice")
        return found

    try:
        text = data.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=once, parse_int=whole, parse_float=refuse, parse_constant=refuse
        )
    except UnicodeDecodeError as error:
        raise Fraud(malformed, f"it is no UTF-8: {error}")
    except json.JSONDecodeError as error:
        rest = error.doc[error.pos :].strip()
        short = error.msg.startswith("Unterminated string") or any(
            word.startswith(rest) for word in ("null", "true", "false", "-")
        )
        raise Fraud(
            cut_short if short else malformed,
            f"{'the file ends before the proof does' if short else 'it is no JSON'}: {error}",
        )
    except RecursionError:
        raise Fraud(malformed, "it is nested too deep")


class Shape:
    """What may stand where; anything else is refused under the name that this was made with."""

    def __init__(self, refusal):
        self.refusal = refusal

    def need(self, holds, sentence):
        need(holds, self.refusal, sentence)

    def members(self, value, names, what, any_order=False):
        self.need(type(value) is dict, f"{what} is no object")
        found = sorted(value) if any_order else list(value)
        self.need(
            found == (sorted(names) if any_order else names),
            f"the members of {what} are not {', '.join(names)}",
        )

    def hexadecimal(self, value, size, what):
        fits = (
            type(value) is str
            and len(value) == 2 * size
            and all(symbol in "0123456789abcdef" for symbol in value)
        )
        self.need(fits, f"{what} is not {size} bytes in lower-case hexadecimal")
        return bytes.fromhex(value)

    def number(self, value, bound, what):
        self.need(
            type(value) is int and 0 <= value < bound, f"{what} is no whole number below {bound}"
        )
        return value

    def items(self, value, what):
        self.need(type(value) is list, f"{what} is no list")
        return value

    def pool(self, value):
        """A day, or the name of a pool that has one of its own."""
        if type(value) is str and len(value) <= MOST_OF_NAME and OWN_NAME.fullmatch(value):
            return value
        match = DAY.fullmatch(value) if type(value) is str else None
        self.need(match, "the lottery is no day and no name of a pool")
        try:
            return datetime.date(*map(int, match.groups()))
        except ValueError:
            raise Fraud(self.refusal, f"no calendar has the day {value}")

    def ballot(self, value):
        """(pool as ids have it, box, place, nonce)"""
        match = BALLOT.fullmatch(value) if type(value) is str and len(value) < 100 else None
        self.need(match, f"{ascii(value)[:80]} is no id of a ballot")
        pool, box, place = match.group(1), int(match.group(2)), int(match.group(3))
        named = len(pool) <= MOST_OF_NAME if pool[0].isalpha() else is_like_a_day(int(pool))
        self.need(named and box < MOST_BOXES and place < U64, f"{value} is no id of a ballot")
        return pool, box, place, match.group(4)

    def boxes(self, value):
        self.need(
            1 <= len(self.items(value, "boxes")) <= MOST_BOXES, f"there are 1 to {MOST_BOXES} boxes"
        )
        return value


def is_like_a_day(number):
    return number < 10**8 and 1 <= number // 100 % 100 <= 12 and 1 <= number % 100 <= 31


def in_ids(pool):
    """A day stands in ids without its dashes and without zeros in front."""
    if type(pool) is str:
        return pool
    return str(pool.year * 10000 + pool.month * 100 + pool.day)


def from_ids(pool):
    """As the name of a box has it."""
    if pool[0].isalpha():
        return pool
    number = int(pool)
    return f"{number // 10000:04}-{number // 100 % 100:02}-{number % 100:02}"


class Draw:
    """The proof of a draw. `nonces` holds what a ballot's place does not say."""

    def __init__(self, found):
        shape = Shape("malformed")
        shape.members(found, BUNDLE, "the proof")
        self.pool = shape.pool(found["lottery"])
        self.commitment = shape.hexadecimal(found["commitment"], 32, "the commitment")
        self.winners = shape.number(found["winners"], U16, "winners")
        self.reserves = shape.number(found["reserves"], U16, "reserves")
        self.beacon = found["beacon"]
        if self.beacon is not None:
            shape.members(self.beacon, BEACON, "the beacon")
            shape.hexadecimal(self.beacon["chain"], 32, "the chain")
            shape.number(self.beacon["round"], U64, "the round")
            shape.hexadecimal(self.beacon["signature"], 48, "the beacon's signature")
            shape.hexadecimal(self.beacon["randomness"], 32, "the randomness")
        self.seed = shape.hexadecimal(found["seed"], 32, "the seed")
        self.root = shape.hexadecimal(found["root"], 32, "the lottery root")
        self.lots = shape.items(found["lots"], "lots")
        for lot in self.lots:
            shape.ballot(lot)
        self.shares, self.nonces, self.misplaced = [], [], None
        for number, box in enumerate(shape.boxes(found["boxes"])):
            shape.members(box, BOX, f"box {number}")
            count = shape.number(box["count"], U64, f"the count of box {number}")
            self.shares.append(
                (count, shape.hexadecimal(box["root"], 32, f"the root of box {number}"))
            )
            self.nonces.append(
                self.listed(
                    shape, number, shape.items(box["ballots"], f"the ballots of box {number}")
                )
            )

    def listed(self, shape, number, ballots):
        nonces, start, lower = (
            [],
            f"bl_{in_ids(self.pool)}_{number}_",
            re.compile("[0-9a-f]{16}", re.ASCII).fullmatch,
        )
        for place, ballot in enumerate(ballots):
            before = f"{start}{place}_"
            if type(ballot) is str and ballot.startswith(before) and lower(ballot, len(before)):
                nonces.append(ballot[len(before) :])
            else:
                nonces.append(shape.ballot(ballot)[3])
                self.misplaced = self.misplaced or (number, place, ballot)
        return nonces

    def name(self, number):
        return f"{self.pool}/{number}"

    def id(self, number, place):
        return f"bl_{in_ids(self.pool)}_{number}_{place}_{self.nonces[number][place]}"


class Inclusion:
    def __init__(self, found):
        shape = Shape("malformed")
        shape.members(found, INCLUSION, "the proof")
        self.ballot, self.root = found["ballot"], shape.hexadecimal(
            found["root"], 32, "the lottery root"
        )
        _, self.box, self.place, _ = shape.ballot(self.ballot)
        self.path = [
            shape.hexadecimal(step, 32, "a step of the path")
            for step in shape.items(found["path"], "the path")
        ]
        self.shares = []
        for number, share in enumerate(shape.items(found["boxes"], "boxes")):
            shape.members(share, SHARE, f"box {number}", any_order=True)
            root = shape.hexadecimal(share["root"], 32, f"the root of box {number}")
            self.shares.append(
                (shape.number(share["count"], U64, f"the count of box {number}"), root)
            )


class Receipt:
    """From a receipt, or from the whole answer that it came in, as it was saved."""

    def __init__(self, name, found):
        shape = Shape("receipt-malformed")
        answer = found if type(found) is dict and "receipt" in found else None
        if answer:
            found = answer["receipt"]
        shape.members(found, RECEIPT, name, any_order=True)
        shape.need(
            found["format"] == "stampede receipt 1", f"{name} is no receipt of a format known here"
        )
        self.name, self.ballot = name, found["ballot"]
        self.pool, self.box, self.place, self.nonce = shape.ballot(self.ballot)
        shape.need(
            answer is None or answer.get("id") == self.ballot,
            f"{name} is about another ballot than its receipt, {self.ballot}",
        )
        self.previous = shape.hexadecimal(found["previous"], 32, "previous")
        self.following = [
            shape.hexadecimal(leaf, 32, "what follows")
            for leaf in shape.items(found["following"], "following")
        ]
        self.commitment = shape.hexadecimal(found["commitment"], 32, "the commitment")
        self.round = found["round"]
        if self.round is not None:
            shape.number(self.round, U64, "the round")
        self.winners = shape.number(found["winners"], U16, "winners")
        self.reserves = shape.number(found["reserves"], U16, "reserves")
        self.key = shape.hexadecimal(found["key"], 32, "the key")
        self.signature = shape.hexadecimal(found["signature"], 64, "the signature")
        self.position = self.place + 1 + len(self.following)

    def box_name(self):
        return f"{from_ids(self.pool)}/{self.box}"


# -- Hashes, trees, the stream. --


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(ballot):
    return sha256(b"\x00" + ballot.encode("ascii"))


def node(left, right):
    return sha256(b"\x01" + left + right)


def chain_start(box):
    return sha256(b"\x02" + box.encode("ascii"))


def chain_link(head, added):
    return sha256(b"\x03" + head + added)


def tree_root(level):
    """Level by level; whoever has no neighbour goes up as it is, which makes the tree of RFC
    6962."""
    if not level:
        return sha256(b"")
    while len(level) > 1:
        pairs = iter(level)
        above = [node(left, right) for left, right in zip(pairs, pairs)]
        level = above + level[-1:] if len(level) % 2 else above
    return level[0]


def path_root(start, place, count, path):
    """The root that the leaf at a place of so many leads to; None if the path does not fit.
    After RFC 9162, 2.1.3.2."""
    if place >= count:
        return None
    last, found = count - 1, start
    for step in path:
        if last == 0:
            return None
        if place % 2 == 1 or place == last:
            found = node(step, found)
            while place % 2 == 0 and place != 0:
                place, last = place // 2, last // 2
        else:
            found = node(found, step)
        place, last = place // 2, last // 2
    return found if last == 0 else None


def lottery_root(shares):
    return sha256(b"\x04" + b"".join(struct.pack(">Q", count) + root for count, root in shares))


def stream_key(seed, root, count, randomness):
    return sha256(b"\x05" + seed + root + struct.pack(">Q", count) + randomness)


def chacha20_block(key, counter):
    """RFC 8439, 2.3, with a nonce of zeros."""
    start = [
        0x61707865,
        0x3320646E,
        0x79622D32,
        0x6B206574,
        *struct.unpack("<8I", key),
        counter,
        0,
        0,
        0,
    ]
    state = list(start)

    def quarter(a, b, c, d):
        for one, other, third, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[one] = (state[one] + state[other]) & 0xFFFFFFFF
            mixed = state[third] ^ state[one]
            state[third] = (mixed << turn | mixed >> (32 - turn)) & 0xFFFFFFFF

    for _ in range(10):
        quarter(0, 4, 8, 12)
        quarter(1, 5, 9, 13)
        quarter(2, 6, 10, 14)
        quarter(3, 7, 11, 15)
        quarter(0, 5, 10, 15)
        quarter(1, 6, 11, 12)
        quarter(2, 7, 8, 13)
        quarter(3, 4, 9, 14)
    return struct.pack("<16I", *((one + other) & 0xFFFFFFFF for one, other in zip(state, start)))


def rolls(key):
    counter = 0
    while True:
        yield from struct.unpack("<8Q", chacha20_block(key, counter))
        counter += 1


def fold(roll, count):
    """The lot that a roll stands for; None if the roll lies above the last whole span."""
    return None if roll > U64 - 1 - U64 % count else roll % count


def drawn(key, count, most):
    lots, seen, stream = [], set(), rolls(key)
    while len(lots) < min(most, count):
        lot = fold(next(stream), count)
        if lot is not None and lot not in seen:
            seen.add(lot)
            lots.append(lot)
    return lots


# -- The signature of the beacon: BLS with 48 bytes, on the curve BLS12-381. --

P = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
    "1eabfffeb153ffffb9feffffffffaaab",
    16,
)
BLS_X = 0xD201000000010000
BLS_ORDER = BLS_X**4 - BLS_X**2 + 1
# Whatever is multiplied with it lies in the group of that order.
COFACTOR = BLS_X + 1
SUITE = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
QUICKNET_KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c"
    "8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb"
    "5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
TWISTED_GENERATOR = (
    "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"
    "334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051"
    "c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
)


def coefficients(text):
    return [int(line, 16) for line in text.split()]


# RFC 9380: the curve on which numbers become points (8.8.1), and the way from there (E.2).
ISO_A, ISO_B, ISO_Z = *coefficients("""
00144698a3b8e9433d693a02c96d4982b0ea985383ee66a8d8e8981aefd881ac98936f8da0e0f97f5cf428082d584c1d
12e2908d11688030018b12e8753eee3b2016c1f0f24f4070a0b9c14fcef35ef55a23215a316ceaa5d1cc48e98e172be0
"""), 11
ISOGENY_X_OVER = coefficients(
    """
11a05f2b1e833340b809101dd99815856b303e88a2d7005ff2627b56cdb4e2c85610c2d5f2e62d6eaeac1662734649b7
17294ed3e943ab2f0588bab22147a81c7c17e75b2f6a8417f565e33c70d1e86b4838f2a6f318c356e834eef1b3cb83bb
0d54005db97678ec1d1048c5d10a9a1bce032473295983e56878e501ec68e25c958c3e3d2a09729fe0179f9dac9edcb0
1778e7166fcc6db74e0609d307e55412d7f5e4656a8dbf25f1b33289f1b330835336e25ce3107193c5b388641d9b6861
0e99726a3199f4436642b4b3e4118e5499db995a1257fb3f086eeb65982fac18985a286f301e77c451154ce9ac8895d9
1630c3250d7313ff01d1201bf7a74ab5db3cb17dd952799b9ed3ab9097e68f90a0870d2dcae73d19cd13c1c66f652983
0d6ed6553fe44d296a3726c38ae652bfb11586264f0f8ce19008e218f9c86b2a8da25128c1052ecaddd7f225a139ed84
17b81e7701abdbe2e8743884d1117e53356de5ab275b4db1a682c62ef0f2753339b7c8f8c8f475af9ccb5618e3f0c88e
080d3cf1f9a78fc47b90b33563be990dc43b756ce79f5574a2c596c928c5d1de4fa295f296b74e956d71986a8497e317
169b1f8e1bcfa7c42e0c37515d138f22dd2ecb803a0c5c99676314baf4bb1b7fa3190b2edc0327797f241067be390c9e
10321da079ce07e272d8ec09d2565b0dfa7dccdde6787f96d50af36003b14866f69b771f8c285decca67df3f1605fb7b
06e08c248e260e70bd1e962381edee3d31d79d7e22c837bc23c0bf1bc24c6b68c24b1b80b64d391fa9c8ba2e8ba2d229
"""
)
ISOGENY_X_UNDER = coefficients(
    """
08ca8d548cff19ae18b2e62f4bd3fa6f01d5ef4ba35b48ba9c9588617fc8ac62b558d681be343df8993cf9fa40d21b1c
12561a5deb559c4348b4711298e536367041e8ca0cf0800c0126c2588c48bf5713daa8846cb026e9e5c8276ec82b3bff
0b2962fe57a3225e8137e629bff2991f6f89416f5a718cd1fca64e00b11aceacd6a3d0967c94fedcfcc239ba5cb83e19
03425581a58ae2fec83aafef7c40eb545b08243f16b1655154cca8abc28d6fd04976d5243eecf5c4130de8938dc62cd8
13a8e162022914a80a6f1d5f43e7a07dffdfc759a12062bb8d6b44e833b306da9bd29ba81f35781d539d395b3532a21e
0e7355f8e4e667b955390f7f0506c6e9395735e9ce9cad4d0a43bcef24b8982f7400d24bc4228f11c02df9a29f6304a5
0772caacf16936190f3e0c63e0596721570f5799af53a1894e2e073062aede9cea73b3538f0de06cec2574496ee84a3a
14a7ac2a9d64a8b230b3f5b074cf01996e7f63c21bca68a81996e1cdf9822c580fa5b9489d11e2d311f7d99bbdcc5a5e
0a10ecf6ada54f825e920b3dafc7a3cce07f8d1d7161366b74100da67f39883503826692abba43704776ec3a79a1d641
095fc13ab9e92ad4476d6e3eb3a56680f682b4ee96f7d03776df533978f31c1593174e4b4b7865002d6384d168ecdd0a
"""
) + [1]
ISOGENY_Y_OVER = coefficients(
    """
090d97c81ba24ee0259d1f094980dcfa11ad138e48a869522b52af6c956543d3cd0c7aee9b3ba3c2be9845719707bb33
134996a104ee5811d51036d776fb46831223e96c254f383d0f906343eb67ad34d6c56711962fa8bfe097e75a2e41c696
00cc786baa966e66f4a384c86a3b49942552e2d658a31ce2c344be4b91400da7d26d521628b00523b8dfe240c72de1f6
01f86376e8981c217898751ad8746757d42aa7b90eeb791c09e4a3ec03251cf9de405aba9ec61deca6355c77b0e5f4cb
08cc03fdefe0ff135caf4fe2a21529c4195536fbe3ce50b879833fd221351adc2ee7f8dc099040a841b6daecf2e8fedb
16603fca40634b6a2211e11db8f0a6a074a7d0d4afadb7bd76505c3d3ad5544e203f6326c95a807299b23ab13633a5f0
04ab0b9bcfac1bbcb2c977d027796b3ce75bb8ca2be184cb5231413c4d634f3747a87ac2460f415ec961f8855fe9d6f2
0987c8d5333ab86fde9926bd2ca6c674170a05bfe3bdd81ffd038da6c26c842642f64550fedfe935a15e4ca31870fb29
09fc4018bd96684be88c9e221e4da1bb8f3abd16679dc26c1e8b6e6a1f20cabe69d65201c78607a360370e577bdba587
0e1bba7a1186bdb5223abde7ada14a23c42a0ca7915af6fe06985e7ed1e4d43b9b3f7055dd4eba6f2bafaaebca731c30
19713e47937cd1be0dfd0b8f1d43fb93cd2fcbcb6caf493fd1183e416389e61031bf3a5cce3fbafce813711ad011c132
18b46a908f36f6deb918c143fed2edcc523559b8aaf0c2462e6bfe7f911f643249d9cdf41b44d606ce07c8a4d0074d8e
0b182cac101b9399d155096004f53f447aa7b12a3426b08ec02710e807b4633f06c851c1919211f20d4c04f00b971ef8
0245a394ad1eca9b72fc00ae7be315dc757b3b080d4c158013e6632d3c40659cc6cf90ad1c232a6442d9d3f5db980133
05c129645e44cf1102a159f748c4a3fc5e673d81d7e86568d9ab0f5d396a7ce46ba1049b6579afb7866b1e715475224b
15e6be4e990f03ce4ea50b3b42df2eb5cb181d8f84965a3957add4fa95af01b2b665027efec01c7704b456be69c8b604
"""
)
ISOGENY_Y_UNDER = coefficients(
    """
16112c4c3a9c98b252181140fad0eae9601a6de578980be6eec3232b5be72e7a07f3688ef60c206d01479253b03663c1
1962d75c2381201e1a0cbd6c43c348b885c84ff731c4d59ca4a10356f453e01f78a4260763529e3532f6102c2e49a03d
058df3306640da276faaae7d6e8eb15778c4855551ae7f310c35a5dd279cd2eca6757cd636f96f891e2538b53dbf67f2
16b7d288798e5395f20d23bf89edb4d1d115c5dbddbcd30e123da489e726af41727364f2c28297ada8d26d98445f5416
0be0e079545f43e4b00cc912f8228ddcc6d19c9f0f69bbb0542eda0fc9dec916a20b15dc0fd2ededda39142311a5001d
08d9e5297186db2d9fb266eaac783182b70152c65550d881c5ecd87b6f0f5a6449f38db9dfa9cce202c6477faaf9b7ac
166007c08a99db2fc3ba8734ace9824b5eecfdfa8d0cf8ef5dd365bc400a0051d5fa9c01a58b1fb93d1a1399126a775c
16a3ef08be3ea7ea03bcddfabba6ff6ee5a4375efa1f4fd7feb34fd206357132b920f5b00801dee460ee415a15812ed9
1866c8ed336c61231a1be54fd1d74cc4f9fb0ce4c6af5920abc5750c4bf39b4852cfe2f7bb9248836b233d9d55535d4a
167a55cda70a6e1cea820597d94a84903216f763e13d87bb5308592e7ea7d4fbc7385ea3d529b35e346ef48bb8913f55
04d2f259eea405bd48f010a01ad2911d9c6dd039bb61a6290e591b36e636a5c871a5c29f4f83060400f8b49cba8f6aa8
0accbb67481d033ff5852c1e48c50c477f94ff8aefce42d28c0f9a88cea7913516f968986f7ebbea9684b529e2561092
0ad6b9514c767fe3c3613144b45f1496543346d98adf02267d5ceef9a00d9b8693000763e3b90ac11e99b138573345cc
02660400eb2e4f3b628bdd0d53cd76f2bf565b94e72927c1cb748df27942480e420517bd8714cc80d1fadc1326ed06f7
0e0fa1d816ddc03e6b24255e0d7819c171c40f65e273b853324efcd6356caa205ca2f570f13497804415473a1d634b8f
"""
) + [1]


def root(number):
    """None if it is no square."""
    found = pow(number, (P + 1) // 4, P)
    return found if found * found % P == number % P else None


def spread(message):
    """Four times 32 bytes of it (RFC 9380, 5.3.1)."""
    suite = SUITE + bytes([len(SUITE)])
    first = sha256(bytes(64) + message + struct.pack(">H", 128) + b"\x00" + suite)
    blocks = [sha256(first + b"\x01" + suite)]
    for number in range(2, 5):
        mixed = bytes(one ^ other for one, other in zip(first, blocks[-1]))
        blocks.append(sha256(mixed + bytes([number]) + suite))
    return b"".join(blocks)


def point_at(number):
    """Where a number lies on the curve (6.6.2, E.2)."""

    def square_at(x):
        return ((x * x + ISO_A) * x + ISO_B) % P

    def at(x, coefficients):
        found = 0
        for coefficient in reversed(coefficients):
            found = (found * x + coefficient) % P
        return found

    factor = ISO_Z * number * number % P
    under = factor * (factor + 1) % P
    if under:
        x = -ISO_B * pow(ISO_A, -1, P) * (1 + pow(under, -1, P)) % P
    else:
        x = ISO_B * pow(ISO_Z * ISO_A, -1, P) % P
    y = root(square_at(x))
    if y is None:
        x = factor * x % P
        y = root(square_at(x))
    if y % 2 != number % 2:
        y = P - y
    return (
        (at(x, ISOGENY_X_OVER) * pow(at(x, ISOGENY_X_UNDER), -1, P) % P, 0),
        (y * at(x, ISOGENY_Y_OVER) * pow(at(x, ISOGENY_Y_UNDER), -1, P) % P, 0),
    )


# Pairs are a + b u, with u**2 = -1. Points are [x, y], pairs each; None is the infinite one.


def plus(one, other):
    return (one[0] + other[0]) % P, (one[1] + other[1]) % P


def minus(one, other):
    return (one[0] - other[0]) % P, (one[1] - other[1]) % P


def product(one, other):
    (a, b), (c, d) = one, other
    return (a * c - b * d) % P, (a * d + b * c) % P


def divided(one, other):
    a, b = other
    norm = pow(a * a + b * b, -1, P)
    return product(one, (a * norm, -b * norm))


def slope_of(one, other):
    if one[0] == other[0]:
        return divided(product((3, 0), product(one[0], one[0])), plus(one[1], one[1]))
    return divided(minus(other[1], one[1]), minus(other[0], one[0]))


def along(one, other, slope):
    x = minus(minus(product(slope, slope), one[0]), other[0])
    return x, minus(product(slope, minus(one[0], x)), one[1])


def added(one, other):
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and plus(one[1], other[1]) == (0, 0):
        return None
    return along(one, other, slope_of(one, other))


def multiple(point, number):
    found = None
    for bit in f"{number:b}":
        found = added(found, found)
        if bit == "1":
            found = added(found, point)
    return found


def six_of(one, other):
    """The product of two numbers c0 + c1 w + ... + c5 w**5 of pairs, with w**6 = 1 + u. They are
    {power: pair}, without what is 0."""
    real, imaginary = [0] * 12, [0] * 12
    for n, (a, b) in one.items():
        for m, (c, d) in other.items():
            real[n + m] += a * c - b * d
            imaginary[n + m] += a * d + b * c
    return {
        n: (
            (real[n] + real[n + 6] - imaginary[n + 6]) % P,
            (imaginary[n] + real[n + 6] + imaginary[n + 6]) % P,
        )
        for n in range(6)
    }


def is_product_one(pairs):
    """Whether the product of the pairings of all pairs of a point and one of the twisted curve is
    1."""
    found, reached = {0: (1, 0)}, [twisted for _, twisted in pairs]

    def step(n, other):
        (x, y), ((at_x, _), at_y) = reached[n], pairs[n][0]
        slope = slope_of(reached[n], other)
        line = {0: minus(product(slope, x), y), 2: product(slope, (-at_x, 0)), 3: at_y}
        reached[n] = along(reached[n], other, slope)
        return six_of(found, line)

    for bit in f"{BLS_X:b}"[1:]:
        found = six_of(found, found)
        for n, (_, twisted) in enumerate(pairs):
            found = step(n, reached[n])
            if bit == "1":
                found = step(n, twisted)
    # To the power of (P**12 - 1) / BLS_ORDER. Its factor P**6 - 1 gives 1 exactly if what is raised
    # to it has no odd powers of w.
    raised = found
    for bit in f"{(P**2 + 1) * (P**4 - P**2 + 1) // BLS_ORDER:b}"[1:]:
        raised = six_of(raised, raised)
        if bit == "1":
            raised = six_of(raised, found)
    return all(raised[n] == (0, 0) for n in (1, 3, 5))


def with_sign(flags, x, y):
    """Of the two points at x that which is meant."""
    is_greater = (y[1] or y[0]) > P // 2
    return x, y if bool(flags & 0x20) == is_greater else minus((0, 0), y)


def point_of(data):
    """None if that is no point of the right group, or is not written in the one way."""
    flags, x = data[0], int.from_bytes(bytes([data[0] & 0x1F]) + data[1:], "big")
    if flags & 0xC0 != 0x80 or x >= P:
        return None
    y = root(x**3 + 4)
    point = None if y is None else with_sign(flags, (x, 0), (y, 0))
    return point if point and multiple(point, BLS_ORDER) is None else None


def twisted_of(text):
    """A point of the twisted curve, y**2 = x**3 + 4 + 4 u; the higher half of x stands first."""
    data = bytes.fromhex(text)
    flags, b = data[0], int.from_bytes(bytes([data[0] & 0x1F]) + data[1:48], "big")
    x = int.from_bytes(data[48:], "big"), b
    square = plus(product(x, product(x, x)), (4, 4))
    norm = root(square[0] ** 2 + square[1] ** 2)
    half = pow(2, -1, P)
    real = root((square[0] + norm) * half) or root((square[0] - norm) * half)
    return with_sign(flags, x, (real, square[1] * half * pow(real, -1, P) % P))


@functools.lru_cache
def is_signed_by_quicknet(number, signature):
    point, message = point_of(signature), spread(sha256(struct.pack(">Q", number)))
    if point is None:
        return False
    halves = message[:64], message[64:]
    one, other = (point_at(int.from_bytes(half, "big") % P) for half in halves)
    hashed = multiple(added(one, other), COFACTOR)
    opposite = point[0], minus((0, 0), point[1])
    return is_product_one(
        [(opposite, twisted_of(TWISTED_GENERATOR)), (hashed, twisted_of(QUICKNET_KEY))]
    )


# -- What a proof must hold on its own. --


def check_ballots(draw):
    if draw.misplaced:
        number, place, ballot = draw.misplaced
        raise Fraud(
            "ballot-misplaced",
            f"at place {place} of box {draw.name(number)} stands {ballot}, whose id names another"
            " place",
        )
    for number, ((said, _), nonces) in enumerate(zip(draw.shares, draw.nonces)):
        need(
            said == len(nonces),
            "count-differs",
            f"box {number} is said to hold {said} ballots, and {len(nonces)} are listed",
        )
    for number, ((_, said), nonces) in enumerate(zip(draw.shares, draw.nonces)):
        start = f"bl_{in_ids(draw.pool)}_{number}_"
        root = tree_root([leaf(f"{start}{place}_{nonce}") for place, nonce in enumerate(nonces)])
        need(
            root == said, "box-root-differs", f"the root of box {number} is not that of its ballots"
        )
    check_lottery_root(draw)


def check_lottery_root(proof):
    need(
        lottery_root(proof.shares) == proof.root,
        "lottery-root-differs",
        "the lottery's root is not that of its boxes",
    )


def check_seed(draw):
    fits = sha256(draw.seed) == draw.commitment
    need(
        fits,
        "seed-differs",
        "the seed is not the one that was committed to: its SHA-256 is not"
        f" {draw.commitment.hex()}",
    )


def due(number):
    return QUICKNET_GENESIS_S + max(number - 1, 0) * QUICKNET_PERIOD_S


def shown(instant_s):
    try:
        return datetime.datetime.fromtimestamp(instant_s, datetime.timezone.utc).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
    except (OverflowError, ValueError, OSError):
        return "no time that a calendar has"


def check_beacon(draw):
    beacon, number = draw.beacon, draw.beacon["round"]
    need(
        beacon["chain"] == QUICKNET,
        "beacon-unknown",
        f"the beacon is of the chain {beacon['chain']}, and only quicknet is known",
    )
    hashed = sha256(bytes.fromhex(beacon["signature"])).hex() == beacon["randomness"]
    need(
        hashed,
        "randomness-differs",
        f"the randomness of round {number} is not the SHA-256 of its signature",
    )
    if type(draw.pool) is not str:
        # When one with a name of its own closed, its name does not say. A day ends first 14 hours
        # east of Greenwich.
        days = draw.pool.toordinal() + 1 - datetime.date(1970, 1, 1).toordinal()
        early = (
            f"round {number} was known at {shown(due(number))}, when the day {draw.pool} had ended"
            " nowhere on earth"
        )
        need(due(number) >= days * 86400 - 14 * 3600, "beacon-early", early)
    need(
        is_signed_by_quicknet(number, bytes.fromhex(beacon["signature"])),
        "beacon-forged",
        f"the signature of round {number} is not that of the network",
    )


def check_lots(draw):
    count = sum(count for count, _ in draw.shares)
    randomness = bytes.fromhex(draw.beacon["randomness"]) if draw.beacon else b""
    lots = drawn(
        stream_key(draw.seed, draw.root, count, randomness), count, draw.winners + draw.reserves
    )
    need(
        len(lots) == len(draw.lots),
        "lots-differ",
        f"{len(lots)} ballots are drawn, and {len(draw.lots)} are named",
    )
    for number, (lot, said) in enumerate(zip(lots, draw.lots), 1):
        box = 0
        while lot >= draw.shares[box][0]:
            lot, box = lot - draw.shares[box][0], box + 1
        ballot = draw.id(box, lot)
        need(
            ballot == said,
            "lots-differ",
            f"lot {number} is drawn for {ballot}, and {said} is named",
        )


def check_path(proof):
    need(
        proof.box < len(proof.shares),
        "path-differs",
        f"box {proof.box} of the ballot is not among the boxes",
    )
    count, root = proof.shares[proof.box]
    fits = path_root(leaf(proof.ballot), proof.place, count, proof.path) == root
    need(
        fits,
        "path-differs",
        f"the path does not lead from the ballot to the root of box {proof.box}",
    )
    check_lottery_root(proof)


# -- What a receipt holds a proof to. --


def ed25519():
    """The package's module, if it is there. It is asked for only where a signature must be
    checked."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519 as module

        return module
    except ImportError:
        return None


def is_signed(key, signature, message):
    from cryptography.exceptions import InvalidSignature

    try:
        ed25519().Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def check_signed(receipt, key):
    name = receipt.name
    not_its = f"the signature of {name} does not stand for what the receipt says"
    need(receipt.round != 0 and receipt.position < U64, "receipt-forged", not_its)
    if ed25519() is not None:
        head = chain_link(receipt.previous, leaf(receipt.ballot))
        for added in receipt.following:
            head = chain_link(head, added)
        message = (
            f"stampede receipt 1\n{receipt.box_name()}\n".encode("ascii")
            + struct.pack(">Q", receipt.position)
            + head
        )
        message += receipt.commitment + struct.pack(
            ">QHH", receipt.round or 0, receipt.winners, receipt.reserves
        )
        need(is_signed(receipt.key, receipt.signature, message), "receipt-forged", not_its)
    other = f"{name} is signed under the key {receipt.key.hex()}, and another was given"
    need(key in (None, receipt.key), "receipt-key-differs", other)


def check_promised(receipt, draw):
    name, boxes = receipt.name, len(draw.nonces)
    pool, number = receipt.box_name().split("/")
    need(
        receipt.pool == in_ids(draw.pool),
        "receipt-elsewhere",
        f"{name} is of the lottery {pool}, and the proof is of {draw.pool}",
    )
    need(
        receipt.box < boxes,
        "receipt-elsewhere",
        f"{name} is of box {number}, and the proof has {boxes} boxes",
    )
    under = (
        f"{name} was given under the commitment {receipt.commitment.hex()}, and the proof's is"
        f" {draw.commitment.hex()}"
    )
    need(receipt.commitment == draw.commitment, "commitment-differs", under)
    used = draw.beacon and draw.beacon["round"]
    need(
        receipt.round == used,
        "round-differs",
        f"{name} promises {named(receipt.round)}, and the draw used {named(used)}",
    )
    promise = (
        f"{name} promises {receipt.winners} winners and {receipt.reserves} reserves, and"
        f" {draw.winners} and {draw.reserves} were drawn"
    )
    need(
        (receipt.winners, receipt.reserves) == (draw.winners, draw.reserves),
        "winners-differ",
        promise,
    )


def named(number):
    return "no round" if number is None else f"round {number}"


def check_held(receipt, draw):
    """All ballots of the receipt's box up to the signed position are those that were signed. If
    not: what became of them."""
    nonces, place, own = draw.nonces[receipt.box], receipt.place, receipt.nonce
    start = f"bl_{receipt.pool}_{receipt.box}_"

    def preceded_by(before):
        head = chain_start(receipt.box_name())
        for at, nonce in enumerate(before[:place]):
            head = chain_link(head, leaf(f"{start}{at}_{nonce}"))
        return head == receipt.previous

    def followed_by(number, now):
        """Whether what stands at `now` is what followed as that number."""
        if number >= len(receipt.following) or now >= len(nonces):
            return False
        return leaf(f"{start}{place + 1 + number}_{nonces[now]}") == receipt.following[number]

    if place < len(nonces) and nonces[place] == own:
        signed, before = (
            f"as {receipt.name} was signed",
            f"the {place} ballots before {receipt.ballot}",
        )
        need(
            preceded_by(nonces),
            "ballot-changed",
            f"{before} are not those that were there, {signed}",
        )
        for number in range(len(receipt.following)):
            at = place + 1 + number
            if followed_by(number, at):
                continue
            now = next(
                (now for now in range(place + 1, len(nonces)) if followed_by(number, now)), None
            )
            if now is not None:
                added = now == at + 1 and not followed_by(number + 1, at)
                if added:
                    raise Fraud(
                        "ballot-added", f"a ballot was put in at place {at} of the box, {signed}"
                    )
                raise Fraud(
                    "ballot-moved",
                    f"the ballot at place {now} of the box stood at place {at}, {signed}",
                )
            gone = at >= len(nonces) or followed_by(number + 1, at)
            what = "is gone" if gone else "is not the one that stood there"
            raise Fraud(
                "ballot-removed" if gone else "ballot-changed",
                f"the ballot at place {at} of the box {what}, {signed}",
            )
        return

    def gone(name, what):
        return Fraud(
            name,
            f"your ballot {receipt.ballot} is not at place {place} of the published box, as"
            f" {receipt.name} says: {what}; complain with this receipt",
        )

    if own in nonces:
        now = nonces.index(own)
        put_back = nonces[:now] + nonces[now + 1 :]
        exchanged = list(nonces)
        if place < len(nonces):
            exchanged[now], exchanged[place] = exchanged[place], exchanged[now]
        if not followed_by(0, now + 1) and (
            preceded_by(put_back) or place < len(nonces) and preceded_by(exchanged)
        ):
            raise gone("ballot-moved", f"it was moved to place {now}")
        if now < place:
            raise gone(
                "ballot-removed",
                f"it is at place {now}, for {place - now} ballots before it are gone",
            )
        raise gone(
            "ballot-added", f"it is at place {now}, for {now - place} ballots before it were put in"
        )
    for number, others in enumerate(draw.nonces):
        if own in others:
            raise gone("ballot-moved", f"it stands in box {number}")
    if len(nonces) < receipt.position:
        raise gone(
            "ballot-removed",
            f"it is gone, and the box holds {len(nonces)} ballots, fewer than were signed",
        )
    if followed_by(0, place):
        raise gone("ballot-removed", "it is gone, and the one behind it has moved up")
    raise gone("ballot-changed", "another stands there, and it is nowhere")


def check_same_ballot(receipt, proof):
    other = f"{receipt.name} is of the ballot {receipt.ballot}, and {proof.ballot} is proved"
    need(receipt.ballot == proof.ballot, "receipt-elsewhere", other)
    count = proof.shares[proof.box][0]
    fewer = (
        f"the box was sealed with {count} ballots, and {receipt.name} was signed over"
        f" {receipt.position}"
    )
    need(count >= receipt.position, "ballot-removed", fewer)


# -- All of it, in the order in which docs/draws.md names it. --


def outcome(receipt, draw):
    """What became of the very ballot that a receipt is of."""
    if receipt.ballot not in draw.lots:
        return "was not drawn"
    number = draw.lots.index(receipt.ballot) + 1
    if number <= draw.winners:
        return f"has won: winner {number}"
    return f"is a reserve: reserve {number - draw.winners}"


def verify_draw(draw, commitment, key, receipts, tell):
    check_ballots(draw)
    tell(
        f"checked: {sum(map(len, draw.nonces))} ballots in {len(draw.nonces)} boxes stand where"
        " their ids say, and all roots are theirs"
    )
    check_seed(draw)
    tell("checked: the seed is the one behind the proof's commitment")
    if draw.beacon:
        check_beacon(draw)
        number = draw.beacon["round"]
        tell(
            f"checked: round {number} of drand's quicknet was due at {shown(due(number))}; the"
            " network signed it"
        )
    check_lots(draw)
    tell(f"checked: the draw yields these {len(draw.lots)} lots, in this order")
    if commitment is not None:
        given = f"the proof's commitment is {draw.commitment.hex()}, and another was given"
        need(draw.commitment == commitment, "commitment-differs", given)
        tell("checked: the commitment is the one that was given")
    for receipt in receipts:
        check_signed(receipt, key)
        check_promised(receipt, draw)
        check_held(receipt, draw)
        kept = (
            f"the first {receipt.position} ballots of box {receipt.box} are those of"
            f" {receipt.name}, and what it promises was kept"
        )
        tell(f"checked: {kept}")
    for number, lot in enumerate(draw.lots[:MOST_LOTS_SHOWN], 1):
        tell(
            f"winner {number}: {lot}"
            if number <= draw.winners
            else f"reserve {number - draw.winners}: {lot}"
        )
    for receipt in receipts:
        tell(f"your ballot {receipt.ballot} is in the box, and {outcome(receipt, draw)}")
    if commitment is None and not receipts:
        tell("not proved: that the seed was fixed before the ballots came (--commitment)")
    if receipts:
        tell(
            "not proved: anything about ballots behind the positions that the receipts were signed"
            " at, or in other boxes"
        )
    else:
        tell(
            "not proved: that no ballot was left out, added or exchanged: a proof that is made anew"
            " as a whole is in order, too (--receipt)"
        )
    if not draw.beacon:
        tell(
            "not proved: that nobody tried out who would win: no public round was mixed in, and the"
            " operator knew the seed"
        )
    elif not receipts:
        tell("not proved: that the round was named before it was known (--receipt)")
    if draw.beacon and type(draw.pool) is str:
        tell(
            f"not proved: that round {draw.beacon['round']} was not known before {draw.pool}"
            " closed, because its name says no day: whoever got a receipt before the round was due"
            " knows that it was not"
        )


def verify_inclusion(proof, key, receipts, tell):
    check_path(proof)
    tell(f"checked: {proof.ballot} is one of those under the lottery root {proof.root.hex()}")
    for receipt in receipts:
        check_signed(receipt, key)
        check_same_ballot(receipt, proof)
        tell(f"checked: {receipt.name} is of this ballot")
    tell(
        "not proved: that this lottery root is the one that was drawn from: compare it with that of"
        " the proof of the draw"
    )


def verify(data, commitment, key, receipts, tell):
    """The exit code, or a Fraud."""
    found = parse(data, "truncated", "malformed")
    form = found.get("format") if type(found) is dict else None
    if form == "stampede draw 1":
        verify_draw(Draw(found), commitment, key, receipts, tell)
    elif form == "stampede inclusion 1":
        verify_inclusion(Inclusion(found), key, receipts, tell)
    else:
        raise Fraud("malformed", f"the format {ascii(form)[:80]} is unknown here")
    if receipts and key is None:
        tell(
            f"not proved: whose key signed the receipts: compare {receipts[0].key.hex()} with the"
            " published one (--key)"
        )
    if receipts and ed25519() is None:
        tell(
            "NOT CHECKED: the signatures of the receipts, for the package `cryptography` is"
            " missing: pip install cryptography"
        )
        return UNCHECKED
    return 0


# -- The vectors of docs/draw-vectors.json. --


def self_test(vectors):
    def same(found, said, what):
        if found != said:
            raise SystemExit(f"verify_draw.py: {what}: {found} was found, and {said} is said")

    def silent(_):
        pass

    def of_bytes(document):
        return json.dumps(document, separators=(",", ":")).encode("ascii")

    same(vectors["format"], "stampede draw vectors 1", "the format")
    for one in vectors["folds"]:
        said = one["lot"] and int(one["lot"])
        same(fold(int(one["roll"]), int(one["count"])), said, f"the lot of {one}")
    for one in vectors["streams"]:
        randomness = bytes.fromhex(one["beacon"] or "")
        key = stream_key(
            bytes.fromhex(one["seed"]), bytes.fromhex(one["root"]), int(one["count"]), randomness
        )
        same(key.hex(), one["key"], "the stream's key")
        stream = rolls(key)
        same([str(next(stream)) for _ in one["rolls"]], one["rolls"], "the rolls")
        same(
            [str(lot) for lot in drawn(key, int(one["count"]), len(one["lots"]))],
            one["lots"],
            "the lots",
        )
    for one in vectors["draws"]:
        receipts = [
            Receipt(f"receipt {number}", receipt) for number, receipt in enumerate(one["receipts"])
        ]
        data, draw = of_bytes(one["bundle"]), Draw(one["bundle"])
        unchecked = receipts and ed25519() is None
        same(
            verify(data, draw.commitment, bytes.fromhex(one["key"]), receipts, silent),
            UNCHECKED if unchecked else 0,
            one["name"],
        )
        for proof in one["inclusions"]:
            same(verify(of_bytes(proof), None, None, [], silent), 0, one["name"])
        for cut in range(0, len(data), 1 if len(data) < 3000 else 97):
            try:
                same(
                    verify(data[:cut], None, None, [], silent),
                    "truncated",
                    f"{one['name']}, cut after {cut} bytes",
                )
            except Fraud as fraud:
                same(
                    fraud.code, CODES["truncated"], f"{one['name']}, cut after {cut} bytes: {fraud}"
                )
    print(
        f"in order: {len(vectors['folds'])} folds, {len(vectors['streams'])} streams,"
        f" {len(vectors['draws'])} draws"
    )


def main():
    def hash_of(text):
        if not re.fullmatch("[0-9a-f]{64}", text, re.ASCII):
            raise argparse.ArgumentTypeError("32 bytes are 64 hexadecimal digits in lower case")
        return bytes.fromhex(text)

    summary, usage = __doc__.split("\n\n", 1)
    reader = argparse.ArgumentParser(
        description=summary, epilog=usage, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("file", metavar="FILE")
    reader.add_argument("--commitment", metavar="HEX", type=hash_of)
    reader.add_argument("--key", metavar="HEX", type=hash_of)
    reader.add_argument("--receipt", metavar="FILE", action="append", default=[])
    reader.add_argument(
        "--self-test", action="store_true", help="FILE holds vectors: repeat all of them"
    )
    asked = reader.parse_args()

    def content(name):
        if name == "-":
            return sys.stdin.buffer.read()
        with open(name, "rb") as file:
            return file.read()

    try:
        if asked.self_test:
            return self_test(json.loads(content(asked.file)))
        malformed = "receipt-malformed"
        receipts = [
            Receipt(name, parse(content(name), malformed, malformed)) for name in asked.receipt
        ]
        lines = []
        code = verify(content(asked.file), asked.commitment, asked.key, receipts, lines.append)
        print("in order" if code == 0 else "in order as far as it was checked")
        print("\n".join(lines))
        return code
    except Fraud as fraud:
        print(f"verify_draw.py: {fraud}", file=sys.stderr)
        return fraud.code
    except OSError as error:
        print(f"verify_draw.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
