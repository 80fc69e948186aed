"""Two calls with a client that was generated from the document."""

import sys

from stampede_client import AuthenticatedClient, Client
from stampede_client.api.auth import log_in
from stampede_client.api.campaigns import list_campaigns
from stampede_client.models import CampaignPage, CampaignState, LoggedIn, Login

address, password = sys.argv[1:]
tokens = log_in.sync(client=Client(base_url=address), body=Login(password, username="admin"))
assert isinstance(tokens, LoggedIn)
us = AuthenticatedClient(base_url=address, token=tokens.access_token)
page = list_campaigns.sync(client=us, limit=10)
assert isinstance(page, CampaignPage)
states: list[CampaignState] = [campaign.state for campaign in page.items]
print(len(states))
