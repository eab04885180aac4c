// A judge of the second tier in Go, with nothing but its library: fails where a line has ERROR in it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

func main() {
	var evidence struct {
		Ended struct {
			Kind string
			Code int
		}
	}
	if err := json.Unmarshal([]byte(os.Getenv("TRIBUNAL_EVIDENCE")), &evidence); err != nil {
		panic(err)
	}
	errors, lines, input := 0, 0, bufio.NewScanner(os.Stdin)
	for input.Scan() {
		lines++
		if strings.Contains(input.Text(), "ERROR") {
			errors++
		}
	}
	status := "passed"
	if errors > 0 || evidence.Ended.Kind != "exited" || evidence.Ended.Code != 0 {
		status = "failed"
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"status":  status,
		"summary": fmt.Sprintf("%d errors in %d lines", errors, lines),
	})
}
