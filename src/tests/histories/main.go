// Reads histories, a JSON object on each line, and says of each whether it can be put in one order
// in which every answer is right: whether it is linearizable.
//
//	histories FILE [PICTURE]
//
// It ends with 0 if all are, with 1 if one is not: then a picture of it lies at PICTURE.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// What a client did, and what it was told.
type Line struct {
	History int    `json:"history"`
	Client  int    `json:"client"`
	Thing   string `json:"thing"`
	Did     string `json:"did"`
	// The member who claims, or the hold that is confirmed or released.
	With string `json:"with"`
	Told string `json:"told"`
	// The rank or the hold that was given, or how many there are.
	Gave  string `json:"gave"`
	Quota int    `json:"quota"`
	// How many one may hold at a time, and how many of them this is about.
	Held   int   `json:"held"`
	Count  int   `json:"count"`
	Asked  int64 `json:"asked"`
	Heard  int64 `json:"heard"`
	IsLost bool  `json:"lost"`
}

// Longer than this no history takes; one that does is told.
const patience = time.Minute

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: histories FILE [PICTURE]")
		os.Exit(2)
	}
	histories, err := read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for number, operations := range histories {
		told, info := porcupine.CheckOperationsVerbose(model, operations, patience)
		fmt.Printf("history %d: %d operations: %s\n", number, len(operations), told)
		if told == porcupine.Ok {
			continue
		}
		if len(os.Args) > 2 {
			if err := porcupine.VisualizePath(model, info, os.Args[2]); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
		os.Exit(1)
	}
}

func read(path string) ([][]porcupine.Operation, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var histories [][]porcupine.Operation
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var line Line
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, err
		}
		for len(histories) <= line.History {
			histories = append(histories, nil)
		}
		if line.IsLost && (line.Did == "count" || line.Did == "look") {
			continue
		}
		// What was never answered may happen at any time, or never. An order that counts only where
		// one is refused may as well count at once.
		if line.IsLost && line.Did != "order" {
			line.Heard = math.MaxInt64
		}
		histories[line.History] = append(histories[line.History], porcupine.Operation{
			ClientId: line.Client,
			Input:    line,
			Call:     line.Asked,
			Output:   line,
			Return:   line.Heard,
		})
	}
	return histories, lines.Err()
}
