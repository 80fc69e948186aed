// What a member of a pool may hold and buy, whichever orders it is for.
package main

import (
	"fmt"
	"sort"
	"strings"
)

// An order of the member's, and how many of its tickets are held or sold. One that was given back
// has none.
type ordered struct {
	isSold bool
	count  int
}

// The state of an allowance. What was asked for and never answered may be held or bought under a
// name that nobody knows: it counts where one is refused, and does not where one is granted.
type allowance struct {
	orders map[string]ordered
	maybe  int
}

func readAllowance(state string) allowance {
	read := allowance{orders: map[string]ordered{}}
	for _, word := range strings.Fields(state) {
		var kind string
		var count int
		parts := strings.SplitN(word, "=", 2)
		fmt.Sscanf(parts[1], "%4s:%d", &kind, &count)
		if parts[0] == "?" {
			read.maybe = count
			continue
		}
		read.orders[parts[0]] = ordered{isSold: kind == "sold", count: count}
	}
	return read
}

func (has allowance) text() *string {
	words := []string{}
	if has.maybe > 0 {
		words = append(words, fmt.Sprintf("?=none:%d", has.maybe))
	}
	for id, order := range has.orders {
		kind := "held"
		if order.isSold {
			kind = "sold"
		}
		words = append(words, fmt.Sprintf("%s=%s:%d", strings.ReplaceAll(id, " ", "_"), kind, order.count))
	}
	sort.Strings(words)
	return to(strings.Join(words, " "))
}

// Whether so many more are within both limits.
func (has allowance) leaves(count int, line Line) bool {
	held, bought := 0, 0
	for _, order := range has.orders {
		if order.isSold {
			bought += order.count
		} else {
			held += order.count
		}
	}
	return held+count <= line.Held && held+bought+count <= line.Quota
}

func orderedWith(state string, line Line) *string {
	has := readAllowance(state)
	if line.Did == "order" {
		return has.order(state, line)
	}
	order, isKnown := has.orders[line.With]
	isHeld := isKnown && !order.isSold && order.count > 0
	isOver := isKnown && !order.isSold && order.count == 0
	switch line.Did {
	case "buy":
		order.isSold = true
	case "give back":
		order.count = 0
	case "refund":
		return has.refund(state, line)
	}
	was := has.orders[line.With]
	has.orders[line.With] = order
	switch {
	case line.IsLost && isHeld, line.Told == "confirmed" && isHeld, line.Told == "released" && isHeld:
		return has.text()
	case line.IsLost:
		return &state
	case line.Told == "confirmed", line.Told == "hold-confirmed":
		return unchangedIf(state, was.isSold)
	case line.Told == "released", line.Told == "hold-released":
		return unchangedIf(state, isOver)
	}
	return nil
}

func (has allowance) order(state string, line Line) *string {
	switch {
	case line.IsLost:
		has.maybe += line.Count
		return has.text()
	case line.Told == "held":
		if !has.leaves(line.Count, line) {
			return nil
		}
		has.orders[strings.ReplaceAll(line.Gave, " ", "_")] = ordered{count: line.Count}
		return has.text()
	}
	return unchangedIf(state, line.Told == "hold-limit-reached" && !has.leaves(line.Count+has.maybe, line))
}

// One ticket of an order that was bought.
func (has allowance) refund(state string, line Line) *string {
	order := has.orders[line.With]
	name := line.With + "/" + line.Gave
	_, isBack := has.orders[name]
	switch {
	case order.isSold && !isBack && (line.IsLost || line.Told == "refunded"):
		order.count--
		has.orders[line.With] = order
		has.orders[name] = ordered{}
		return has.text()
	case line.IsLost:
		return &state
	case line.Told == "refunded":
		// Somebody else has bought it meanwhile, and it was taken back from them.
		return nil
	}
	return unchangedIf(state, line.Told == "not-sold" && (!order.isSold || isBack))
}
