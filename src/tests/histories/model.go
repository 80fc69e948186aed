// What a campaign, a number and a member's allowance may answer, one after the other.
package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
)

// A state is a text. Of a campaign: the members who were granted a voucher, in their order, each
// after a space. Of a number: "", "held H" or "sold H", where H is the hold. Of an allowance: see
// allowance.go.
//
// What was never answered is done when its turn comes. Its turn may come after everything else, and
// then it is as if it had never been.
var model = porcupine.Model{
	Partition: byThing,
	Init:      func() interface{} { return "" },
	Step: func(state, input, _ interface{}) (bool, interface{}) {
		next := after(state.(string), input.(Line))
		if next == nil {
			return false, state
		}
		return true, *next
	},
	DescribeOperation: func(input, _ interface{}) string {
		line := input.(Line)
		told := line.Told
		if line.IsLost {
			told = "?"
		}
		return fmt.Sprintf("%s %s: %s %s", line.Did, line.With, told, line.Gave)
	},
	DescribeState: func(state interface{}) string { return fmt.Sprintf("%q", state) },
}

// Each campaign and each number is one partition's, or a part of it, so each stands for itself.
func byThing(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[string][]porcupine.Operation{}
	for _, operation := range history {
		thing := operation.Input.(Line).Thing
		parts[thing] = append(parts[thing], operation)
	}
	var all [][]porcupine.Operation
	for _, part := range parts {
		all = append(all, part)
	}
	return all
}

// The state that follows, or none where such an answer is wrong.
func after(state string, line Line) *string {
	switch line.Did {
	case "claim":
		return claimed(state, line)
	case "count":
		return unchangedIf(state, line.IsLost || line.Gave == strconv.Itoa(len(strings.Fields(state))))
	case "hold":
		return held(state, line)
	case "confirm", "release":
		return ended(state, line)
	case "look":
		return unchangedIf(state, line.IsLost || (line.Gave == "1") == (state == ""))
	case "order", "buy", "give back":
		return orderedWith(state, line)
	case "refund":
		if strings.HasPrefix(line.Thing, "ticket ") {
			return takenBack(state, line)
		}
		return orderedWith(state, line)
	}
	panic("nobody can do that: " + line.Did)
}

func to(state string) *string { return &state }

func unchangedIf(state string, is bool) *string {
	if is {
		return &state
	}
	return nil
}

func claimed(state string, line Line) *string {
	members := strings.Fields(state)
	rank := 0
	for place, member := range members {
		if member == line.With {
			rank = place + 1
		}
	}
	next := state + " " + line.With
	isLeft := len(members) < line.Quota
	switch {
	case line.IsLost && rank == 0 && isLeft:
		return &next
	case line.IsLost:
		return &state
	case line.Told == "granted" && rank == 0:
		if isLeft && line.Gave == strconv.Itoa(len(members)+1) {
			return &next
		}
		return nil
	case line.Told == "granted":
		return unchangedIf(state, line.Gave == strconv.Itoa(rank))
	}
	return unchangedIf(state, line.Told == "sold-out" && rank == 0 && !isLeft)
}

func held(state string, line Line) *string {
	switch {
	case line.IsLost && state == "":
		// Nobody knows its name, so nobody can end it.
		return to("held ?")
	case line.IsLost:
		return &state
	case line.Told == "held":
		if state == "" {
			return to("held " + line.Gave)
		}
		return nil
	}
	return unchangedIf(state, line.Told == "no-match-left" && state != "")
}

func ended(state string, line Line) *string {
	isHeld, isSold := state == "held "+line.With, state == "sold "+line.With
	next := ""
	if line.Did == "confirm" {
		next = "sold " + line.With
	}
	switch {
	case line.IsLost && isHeld:
		return &next
	case line.IsLost:
		return &state
	case line.Told == "confirmed" && isHeld, line.Told == "released" && isHeld:
		return &next
	case line.Told == "confirmed":
		return unchangedIf(state, isSold)
	case line.Told == "released", line.Told == "hold-released":
		return unchangedIf(state, !isHeld && !isSold)
	}
	return unchangedIf(state, line.Told == "hold-confirmed" && isSold)
}

// A ticket of an order that was bought, and is free again.
func takenBack(state string, line Line) *string {
	switch {
	case state == "sold "+line.With:
		return to("")
	case line.IsLost:
		return &state
	case line.Told == "refunded":
		// It may be somebody else's by now, or have been taken back before.
		return &state
	}
	return unchangedIf(state, line.Told == "not-sold")
}
