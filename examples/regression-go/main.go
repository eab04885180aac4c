// Fails when a benchmark of `go test -bench` is slower than its baseline allows.
package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"regression/tribunal"
)

type config struct {
	// Baseline is nanoseconds an operation by benchmark.
	Baseline map[string]float64 `json:"baseline"`
	// Tolerance is how much slower is fine, in percent.
	Tolerance float64 `json:"tolerance"`
}

const schema = `{"type":"object","additionalProperties":false,"required":["baseline"],"properties":{
"baseline":{"type":"object","additionalProperties":{"type":"number"}},"tolerance":{"type":"number","minimum":0}}}`

func read(text string) (config, error) {
	c := config{Tolerance: 10}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&c)
	return c, err
}

func init() {
	tribunal.Register(tribunal.Judge{
		Description: tribunal.Description{
			Name: "regression", Version: "0.1.0", ConfigSchema: schema,
			Text: "Benchmarks must not be slower than their baseline.",
		},
		Validate: func(text string) []string {
			if _, err := read(text); err != nil {
				return []string{err.Error()}
			}
			return nil
		},
		Judge: judge,
	})
}

func judge() (tribunal.Verdict, error) {
	c, err := read(tribunal.Suite.ConfigJSON())
	if err != nil {
		return tribunal.Verdict{}, err
	}
	seen := map[string]float64{}
	tribunal.OpenLog(tribunal.Stdout).Each(func(line string) {
		if name, ns, ok := benchmark(line); ok {
			seen[name] = ns
		}
	})
	end := tribunal.Ended()
	if end.Kind != tribunal.Exited || end.Code != 0 {
		return tribunal.Verdict{Status: tribunal.Failed, Summary: end.String()}, nil
	}
	var names []string
	for name := range c.Baseline {
		names = append(names, name)
	}
	sort.Strings(names)
	var counts tribunal.Counts
	for _, name := range names {
		one := tribunal.Case{ID: name}
		most := c.Baseline[name] * (1 + c.Tolerance/100)
		switch ns, ran := seen[name]; {
		case !ran:
			one.Status, one.Message = tribunal.CaseErrored, "it has a baseline and did not run"
			counts.Errored++
		case ns > most:
			slower := 100 * (ns/c.Baseline[name] - 1)
			one.Status, one.Message = tribunal.CaseFailed, fmt.Sprintf("%.0f ns/op, %.0f %% slower than %.0f", ns, slower, c.Baseline[name])
			counts.Failed++
		default:
			counts.Passed++
		}
		tribunal.Report(one)
	}
	if len(names) == 0 {
		return tribunal.Verdict{Status: tribunal.Empty, Summary: "no benchmark has a baseline"}, nil
	}
	verdict := tribunal.Verdict{Counts: &counts, Status: tribunal.Passed}
	verdict.Summary = fmt.Sprintf("%d benchmarks within %.0f %% of their baseline", counts.Passed, c.Tolerance)
	if bad := counts.Failed + counts.Errored; bad > 0 {
		verdict.Status = tribunal.Failed
		verdict.Summary = fmt.Sprintf("%d of %d benchmarks are slower than allowed or missing", bad, len(names))
	}
	return verdict, nil
}

// benchmark reads a line like `BenchmarkCart-8   1000000   1043 ns/op   16 B/op`.
func benchmark(line string) (string, float64, bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") || fields[3] != "ns/op" {
		return "", 0, false
	}
	name, _, _ := strings.Cut(fields[0], "-")
	ns, err := strconv.ParseFloat(fields[2], 64)
	return strings.TrimPrefix(name, "Benchmark"), ns, err == nil
}

func main() {}
