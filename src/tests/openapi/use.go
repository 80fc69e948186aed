// One call with a client that was generated from the document.
package main

import (
	"context"
	"fmt"
	"os"

	"use/stampede"
)

func main() {
	client, err := stampede.NewClientWithResponses(os.Args[1])
	if err != nil {
		panic(err)
	}
	limit := int64(10)
	wanted := stampede.ListCampaignsParams{Limit: &limit}
	page, err := client.ListCampaignsWithResponse(context.Background(), &wanted)
	if err != nil || page.JSON200 == nil {
		panic(fmt.Sprint(err, page))
	}
	states := []stampede.CampaignState{}
	for _, campaign := range page.JSON200.Items {
		states = append(states, campaign.State)
	}
	fmt.Println(len(states))
}
