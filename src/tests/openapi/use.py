"""One call with a client that was generated from the document."""

import sys

from stampede_client import Client
from stampede_client.api.campaigns import list_campaigns
from stampede_client.models import CampaignPage, CampaignState

page = list_campaigns.sync(client=Client(base_url=sys.argv[1]), limit=10)
assert isinstance(page, CampaignPage)
states: list[CampaignState] = [campaign.state for campaign in page.items]
print(len(states))
