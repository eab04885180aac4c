// {{name}}: passes when the last line of the output is ALL GOOD.
package main

import "{{name}}/tribunal"

func init() {
	tribunal.Register(tribunal.Judge{
		Description: tribunal.Description{
			Name:    "{{name}}",
			Version: "0.1.0",
			Text:    "Passes when the last line is ALL GOOD.",
		},
		Judge: judge,
	})
}

func judge() (tribunal.Verdict, error) {
	last := ""
	tribunal.OpenLog(tribunal.Combined).Each(func(line string) {
		if line != "" {
			last = line
		}
	})
	return decide(last, tribunal.Ended()), nil
}

// decide is a function of plain values: `go test` needs no WebAssembly.
func decide(last string, end tribunal.End) tribunal.Verdict {
	if end.Kind != tribunal.Exited || end.Code != 0 {
		return tribunal.Verdict{Status: tribunal.Failed, Summary: end.String()}
	}
	if last != "ALL GOOD" {
		return tribunal.Verdict{Status: tribunal.Failed, Summary: "the last line is not ALL GOOD"}
	}
	return tribunal.Verdict{Status: tribunal.Passed, Summary: "all good"}
}

func main() {}
