"""300 customers at once want 100 vouchers of a shop, and use them at its checkout.

`crowd.py SERVER ADMIN_PASSWORD SHOP.py` makes a campaign and a service key on the server, starts
the shop, sends the crowd, and fails unless exactly 100 have won and the shop's list says who."""

import csv, io, json, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SERVER, PASSWORD, SHOP = sys.argv[1:]
CUSTOMERS, VOUCHERS = 300, 100

def ask(method, url, body=None, **headers):
    headers = {"Content-Type": "application/json"} | headers
    body = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, body, headers, method=method)) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refusal:
        return refusal.code, refusal.read().decode()

def made(path, body, **headers):
    status, text = ask("POST", f"{SERVER}/api/v1{path}", body, **headers)
    assert status in (200, 201), text
    return json.loads(text)

token = made("/auth/login", {"username": "admin", "password": PASSWORD})["access_token"]
staff = {"Authorization": f"Bearer {token}"}
name = SHOP.rsplit("/", 1)[-1].removesuffix(".py").replace("_", "-")
key = made("/service-keys", {"name": name}, **staff)["key"]
campaign = made("/campaigns", {"name": f"Opening of {name}", "quota": VOUCHERS,
    "discount_percent": 10, "ends_at": "2099-12-31T23:59:59Z", "trigger": "claim",
    "figures": "staff"}, **staff)["id"]

shop = subprocess.Popen([sys.executable, SHOP, SERVER, key, token, campaign],
    stdout=subprocess.PIPE, text=True)
try:
    line = shop.stdout.readline()
    assert line.startswith("listening on "), line
    at = line.removeprefix("listening on ").strip()

    def customer(number):
        """What the customer saves, or None."""
        me = {"Customer": f"customer-{number}"}
        status, text = ask("POST", f"{at}/voucher", {}, **me)
        if status >= 400:
            return None
        order = {"order": str(number), "amount": 5000,
            "voucher": json.loads(text)["voucher"]["code"]}
        first, again = (ask("POST", f"{at}/checkout", order, **me) for _ in range(2))
        assert first[0] == again[0] == 200, (first, again)
        used = json.loads(first[1])
        assert used == json.loads(again[1]) and used["discount"] == 500, (first, again)
        return used["discount"]

    with ThreadPoolExecutor(CUSTOMERS) as crowd:
        saved = list(crowd.map(customer, range(CUSTOMERS)))
    winners = {f"customer-{number}" for number in range(CUSTOMERS) if saved[number]}
    status, text = ask("GET", f"{at}/winners.csv")
    assert status == 200, text
    listed = list(csv.DictReader(io.StringIO(text)))
    assert len(winners) == VOUCHERS, len(winners)
    assert {row["customer"] for row in listed} == winners and len(listed) == VOUCHERS, text
    assert [int(row["rank"]) for row in listed] == list(range(1, VOUCHERS + 1)), text
    assert {row["state"] for row in listed} == {"used"}, text
finally:
    shop.kill()
    shop.wait()
print(f"{VOUCHERS} of {CUSTOMERS} customers have won, and the shop knows who")
