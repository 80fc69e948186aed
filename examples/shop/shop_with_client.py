"""The same shop with the client that openapi-python-client generates from the document, unedited:
`shop_with_client.py SERVER SERVICE_KEY STAFF_TOKEN CAMPAIGN`."""

import csv
import io
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stampede_client import AuthenticatedClient
from stampede_client.api.campaigns import claim_voucher, list_claims
from stampede_client.api.coupons import use_coupon
from stampede_client.models import Claim, Claimed, CouponPage, Redeemed, UseCoupon

SERVER, KEY, STAFF, CAMPAIGN = sys.argv[1:]
US = AuthenticatedClient(base_url=SERVER, token=KEY)
STAFF_US = AuthenticatedClient(base_url=SERVER, token=STAFF)


class Shop(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        customer = self.headers["Customer"]
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said: object
        if self.path == "/voucher":
            said = claim_voucher.sync(CAMPAIGN, client=US, body=Claim(), on_behalf_of=customer)
        else:
            bill = UseCoupon(amount=order["amount"], reference=order["order"])
            said = use_coupon.sync(
                order["voucher"],
                client=US,
                body=bill,
                on_behalf_of=customer,
                idempotency_key=f"order-{order['order']}",
            )
        if isinstance(said, (Claimed, Redeemed)):
            self.answer(200, json.dumps(said.to_dict()), "application/json")
        else:
            self.answer(409, json.dumps({"refused": type(said).__name__}), "application/json")

    def do_GET(self) -> None:
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(("customer", "rank", "state"))
        page = list_claims.sync(CAMPAIGN, client=STAFF_US, limit=100)
        while isinstance(page, CouponPage):
            for won in page.items:
                writer.writerow((won.known_as.id if won.known_as else "", won.rank, won.state))
            if page.next_cursor is None:
                break
            page = list_claims.sync(CAMPAIGN, client=STAFF_US, limit=100, cursor=page.next_cursor)
        self.answer(200, table.getvalue(), "text/csv")

    def answer(self, status: int, text: str, media: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *_: object) -> None:
        pass


ThreadingHTTPServer.request_queue_size = 1024
shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
print(f"listening on http://127.0.0.1:{shop.server_port}", flush=True)
shop.serve_forever()
