"""A shop with customers of its own: `shop.py SERVER SERVICE_KEY STAFF_TOKEN CAMPAIGN`."""

import csv, io, json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SERVER, KEY, STAFF, CAMPAIGN = sys.argv[1:]

def ask(method, path, token=KEY, body=None, **headers):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()}
    body = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(f"{SERVER}/api/v1{path}", body, headers, method=method)) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        return refusal.code, json.load(refusal)

class Shop(BaseHTTPRequestHandler):
    def do_POST(self):  # /voucher, or /checkout with an order that is paid with one
        customer = self.headers["Customer"]
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/voucher":
            said = ask("POST", f"/campaigns/{CAMPAIGN}/claims", body={}, On_Behalf_Of=customer)
        else:
            bill = {"amount": order["amount"], "reference": order["order"]}
            said = ask("POST", f"/coupons/{order['voucher']}/use", body=bill,
                       On_Behalf_Of=customer, Idempotency_Key=f"order-{order['order']}")
        self.answer(said[0], json.dumps(said[1]), "application/json")

    def do_GET(self):  # /winners.csv
        winners, cursor = [("customer", "rank", "state")], ""
        while cursor is not None:
            page = ask("GET", f"/campaigns/{CAMPAIGN}/claims?limit=100{cursor}", STAFF)[1]
            winners += [(won["known_as"]["id"], won["rank"], won["state"]) for won in page["items"]]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        table = io.StringIO()
        csv.writer(table).writerows(winners)
        self.answer(200, table.getvalue(), "text/csv")

    def answer(self, status, text, media):
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass

ThreadingHTTPServer.request_queue_size = 1024
shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
print(f"listening on http://127.0.0.1:{shop.server_port}", flush=True)
shop.serve_forever()
