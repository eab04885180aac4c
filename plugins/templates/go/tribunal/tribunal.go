// Package tribunal is what a judge written in Go uses: the contract tribunal:judge 0.1.0, by hand, for the stock
// compiler. No module is needed besides the standard library.
//
// A judge calls Register in an init function and leaves main empty; it is built with
// GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared. Everything it may see is a function here. Reading blocks
// until there is more, so the same judge runs live beside a suite or after it.
//
// What the host returns is put into memory of this package and copied, never into Go's heap: Go's allocator may
// collect garbage, and that must not happen while the host is inside a call.
package tribunal

import (
	"fmt"
	"io"
	"runtime/debug"
	"unsafe"
)

// Status is what a judge decides.
type Status uint8

// The decisions. Passed needs positive evidence: tests ran, and none failed.
const (
	Passed Status = iota
	Failed
	Errored
	Skipped
	Empty
)

// CaseStatus is what became of one test case.
type CaseStatus uint8

// What may become of a case.
const (
	CasePassed CaseStatus = iota
	CaseFailed
	CaseErrored
	CaseSkipped
	CaseFlaky
)

// Channel is an output of the suite.
type Channel uint8

// The outputs; Combined has both, in the order of arrival.
const (
	Stdout Channel = iota
	Stderr
	Combined
)

// Level is how important a message is.
type Level uint8

// The levels.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

// EndKind is how an attempt ended.
type EndKind uint8

// The kinds of ends.
const (
	Exited EndKind = iota
	Signaled
	TimedOut
	OOMKilled
	Evicted
	StartFailed
	Cancelled
	Lost
	Other
)

// End is how the attempt ended.
type End struct {
	Kind EndKind
	// Code is the exit code, for Exited.
	Code int32
	// Signal and CoreDumped are for Signaled; its name is in Text.
	Signal     uint32
	CoreDumped bool
	// LimitMs is for TimedOut.
	LimitMs float64
	// Text is the reason, the signal's name or the memory limit; empty where there is none.
	Text string
}

// Capture is the state of the output when it had ended.
type Capture struct {
	// Completeness is proven, complete, unverified, gap, cut or unavailable.
	Completeness          string
	Bytes, Lines, Missing float64
	Note                  string
}

// Label is a further fact.
type Label struct{ Key, Value string }

// Case is a test case. Nil pointers are facts that are not known.
type Case struct {
	ID         string
	Status     CaseStatus
	DurationMs *float64
	Message    string
	Details    string
	File       string
	Line       *uint32
	Extra      []Label
}

// Counts says how many cases ended how.
type Counts struct{ Passed, Failed, Errored, Skipped, Flaky uint32 }

// Verdict is a judge's answer.
type Verdict struct {
	Status Status
	// Summary is one line a person can act on, like "2 of 412 failed".
	Summary string
	Counts  *Counts
	Extra   []Label
}

// Description says what a judge is.
type Description struct {
	Name, Version, Text string
	// ConfigSchema is a JSON schema of the config table; empty: the judge takes none.
	ConfigSchema string
}

// Judge is what Register takes.
type Judge struct {
	Description Description
	// Validate returns one string for each problem of the config table, given as JSON. May be nil.
	Validate func(json string) []string
	// Judge judges one attempt. An error, or a panic, means that there is no verdict: the suite is errored.
	Judge func() (Verdict, error)
}

var registered Judge

// Register says which judge this module is. Call it in an init function.
func Register(judge Judge) { registered = judge }

type suite struct{}

// Suite has the facts that are known from the start.
var Suite suite

// Name is the suite's, with matrix values and shard.
func (suite) Name() string { return text(suiteName) }

// Pipeline is the pipeline's name.
func (suite) Pipeline() string { return text(suitePipeline) }

// Executor is local, kubernetes or file.
func (suite) Executor() string { return text(suiteExecutor) }

// Attempt counts from 1.
func (suite) Attempt() uint32 { return suiteAttempt() }

// ConfigJSON is the judge's config table; {} without one.
func (suite) ConfigJSON() string { return text(suiteConfig) }

// Command is the argument vector.
func (suite) Command() []string {
	begin(arenaSize)
	suiteCommand(unsafe.Pointer(&ret))
	end()
	at, n := word(0), word(4)
	list := make([]string, n)
	for i := range list {
		list[i] = stringAt(at + uint32(i)*8)
	}
	return list
}

// Labels are the suite's.
func (suite) Labels() []Label {
	begin(arenaSize)
	suiteLabels(unsafe.Pointer(&ret))
	end()
	at, n := word(0), word(4)
	list := make([]Label, n)
	for i := range list {
		at := at + uint32(i)*16
		list[i] = Label{stringAt(at), stringAt(at + 8)}
	}
	return list
}

// Log is an output, read in order from its first byte. It is an io.Reader.
type Log struct {
	handle int32
	ended  bool
}

// OpenLog opens an output from its first byte.
func OpenLog(channel Channel) *Log { return &Log{handle: openLog(int32(channel))} }

const most = 65536

// Read blocks until there is more.
func (l *Log) Read(p []byte) (int, error) {
	if l.ended {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	begin(most)
	logRead(l.handle, uint32(min(len(p), most)), unsafe.Pointer(&ret))
	end()
	n := copy(p, bytesAt(word(0), word(4)))
	if n == 0 {
		l.ended = true
		return 0, io.EOF
	}
	return n, nil
}

// Lines returns the next whole lines without their ends; none at the end of the output.
func (l *Log) Lines() []string {
	// Each byte may become three, and an empty line is eight bytes of list.
	begin(12 * most)
	logLines(l.handle, most, unsafe.Pointer(&ret))
	end()
	at, n := word(0), word(4)
	lines := make([]string, n)
	for i := range lines {
		lines[i] = stringAt(at + uint32(i)*8)
	}
	return lines
}

// Each calls f with every line to the end of the output.
func (l *Log) Each(f func(line string)) {
	for lines := l.Lines(); len(lines) > 0; lines = l.Lines() {
		for _, line := range lines {
			f(line)
		}
	}
}

// Tail returns the last bytes of the whole output, at most max and 64 KiB. Blocks until it has ended.
func (l *Log) Tail(max uint32) []byte {
	begin(most)
	logTail(l.handle, max, unsafe.Pointer(&ret))
	end()
	return append([]byte(nil), bytesAt(word(0), word(4))...)
}

// Hit is a place found by Search.
type Hit struct {
	Line, Offset float64
	Text         string
}

// Search lets the host look for a regular expression from the reading position on: at most limit hits (and 1,000).
// Fewer hits than limit: the output has ended.
func (l *Log) Search(pattern string, limit uint32) ([]Hit, error) {
	limit = min(limit, 1000)
	begin(uintptr(limit)*(24+3*4096) + 4096)
	logSearch(l.handle, unsafe.StringData(pattern), uint32(len(pattern)), limit, unsafe.Pointer(&ret))
	end()
	if ret[0] != 0 {
		return nil, fmt.Errorf("%s", stringAt(address(4)))
	}
	at, n := word(4), word(8)
	hits := make([]Hit, n)
	for i := range hits {
		at := at + uint32(i)*24
		hits[i] = Hit{floatAt(at), floatAt(at + 8), stringAt(at + 16)}
	}
	return hits, nil
}

// Close gives the log back; needed only by judges that open many.
func (l *Log) Close() { dropLog(l.handle) }

// Artifact is a file the suite left. It is an io.Reader.
type Artifact struct {
	Name   string
	Size   float64
	handle int32
}

// Artifacts returns the collected files whose path matches the glob. Blocks until the attempt has ended.
func Artifacts(glob string) []Artifact {
	begin(arenaSize)
	artifacts(unsafe.StringData(glob), uint32(len(glob)), unsafe.Pointer(&ret))
	end()
	handles := make([]int32, word(4))
	for i := range handles {
		handles[i] = int32(wordAt(word(0) + uint32(i)*4))
	}
	list := make([]Artifact, len(handles))
	for i, handle := range handles {
		begin(arenaSize)
		artifactName(handle, unsafe.Pointer(&ret))
		end()
		list[i] = Artifact{stringAt(address(0)), artifactSize(handle), handle}
	}
	return list
}

// Read reads the file in order.
func (a Artifact) Read(p []byte) (int, error) {
	begin(most)
	artifactRead(a.handle, uint32(min(len(p), most)), unsafe.Pointer(&ret))
	end()
	n := copy(p, bytesAt(word(0), word(4)))
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Ended says how the attempt ended. Blocks until that is known: read the output first.
func Ended() End {
	begin(arenaSize)
	ended(unsafe.Pointer(&ret))
	end()
	e := End{Kind: EndKind(ret[0])}
	switch e.Kind {
	case Exited:
		e.Code = int32(word(8))
	case Signaled:
		e.Signal, e.Text, e.CoreDumped = word(8), stringAt(address(12)), ret[20] != 0
	case TimedOut:
		e.LimitMs = floatAt(address(8))
	default:
		e.Text = stringAt(address(8))
	}
	return e
}

// String says it in a few words.
func (e End) String() string {
	switch e.Kind {
	case Exited:
		return fmt.Sprintf("exit %d", e.Code)
	case Signaled:
		return "killed by " + e.Text
	case TimedOut:
		return fmt.Sprintf("timed out after %.1f s", e.LimitMs/1000)
	case OOMKilled:
		return "out of memory"
	}
	words := []string{"evicted", "did not start", "cancelled", "its end was not seen", ""}
	if i := int(e.Kind - Evicted); i < len(words) && words[i] != "" {
		return words[i] + ": " + e.Text
	}
	return e.Text
}

// DurationMs says how long the attempt ran. Blocks until it has ended.
func DurationMs() float64 { return durationMs() }

// Captured says how complete the output is. Blocks until it has ended.
func Captured() Capture {
	begin(arenaSize)
	capture(unsafe.Pointer(&ret))
	end()
	words := []string{"proven", "complete", "unverified", "gap", "cut", "unavailable"}
	return Capture{words[ret[0]], floatAt(address(8)), floatAt(address(16)), floatAt(address(24)), stringAt(address(32))}
}

// Report reports a test case as soon as it is known. The last report of an ID counts.
func Report(c Case) {
	var abi abiCase
	abi.id, abi.idLen = parts(c.ID)
	abi.status = uint8(c.Status)
	if c.DurationMs != nil {
		abi.durationSome, abi.duration = 1, *c.DurationMs
	}
	abi.message, abi.details, abi.file = optional(c.Message), optional(c.Details), optional(c.File)
	if c.Line != nil {
		abi.lineSome, abi.line = 1, *c.Line
	}
	extra := labels(c.Extra)
	abi.extra, abi.extraLen = pointer(unsafe.SliceData(extra)), uint32(len(extra))
	reportCase(unsafe.Pointer(&abi))
}

// Progress says how many cases are done, and how many there will be; 0 where that is not known.
func Progress(done, total uint32) {
	known := uint32(0)
	if total > 0 {
		known = 1
	}
	progress(done, known, total)
}

// Message sends a message to the report.
func Message(level Level, message string) {
	hostLog(uint32(level), unsafe.StringData(message), uint32(len(message)))
}

// ---- memory ----

const arenaSize = 1 << 20

var (
	// What the host returns from the call under way.
	arena  []byte
	offset uintptr
	inCall bool
	// What the host passes to an export.
	input       [256 << 10]byte
	inputOffset uintptr
	// Where results are put that are more than one number.
	ret [64]byte
)

//go:wasmexport cabi_realloc
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	start, used, room := unsafe.Pointer(&input), &inputOffset, unsafe.Sizeof(input)
	if inCall {
		start, used, room = unsafe.Pointer(unsafe.SliceData(arena)), &offset, uintptr(len(arena))
	}
	at := (uintptr(start) + *used + align - 1) &^ (align - 1)
	last := at - uintptr(start) + size
	if old != nil || last > room {
		return nil // the host refuses it: more than this package makes room for
	}
	*used = last
	return unsafe.Pointer(at)
}

func begin(room uintptr) {
	room += 64
	if uintptr(len(arena)) < room {
		arena = make([]byte, room)
	}
	offset, inCall = 0, true
}

func end() { inCall = false }

func address(at uint32) uint32  { return uint32(uintptr(unsafe.Pointer(&ret))) + at }
func word(at uint32) uint32     { return wordAt(address(at)) }
func wordAt(at uint32) uint32   { return *(*uint32)(unsafe.Pointer(uintptr(at))) }
func floatAt(at uint32) float64 { return *(*float64)(unsafe.Pointer(uintptr(at))) }
func stringAt(at uint32) string { return string(bytesAt(wordAt(at), wordAt(at+4))) }
func bytesAt(at, n uint32) []byte {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(at))), n)
}

func text(call func(unsafe.Pointer)) string {
	begin(arenaSize)
	call(unsafe.Pointer(&ret))
	end()
	return stringAt(address(0))
}

func pointer[T any](p *T) uint32 { return uint32(uintptr(unsafe.Pointer(p))) }
func parts(s string) (uint32, uint32) {
	return pointer(unsafe.StringData(s)), uint32(len(s))
}

type abiOptional struct {
	some    uint8
	_       [3]byte
	at, len uint32
}

func optional(s string) (o abiOptional) {
	if s != "" {
		o.some = 1
		o.at, o.len = parts(s)
	}
	return o
}

type abiLabel struct{ key, keyLen, value, valueLen uint32 }

func labels(list []Label) []abiLabel {
	out := make([]abiLabel, len(list))
	for i, label := range list {
		out[i].key, out[i].keyLen = parts(label.Key)
		out[i].value, out[i].valueLen = parts(label.Value)
	}
	return out
}

type abiCase struct {
	id, idLen              uint32
	status                 uint8
	_                      [7]byte
	durationSome           uint8
	_                      [7]byte
	duration               float64
	message, details, file abiOptional
	lineSome               uint8
	_                      [3]byte
	line                   uint32
	extra, extraLen        uint32
	_                      uint32
}

// ---- exports: what is answered is kept until the next call ----

var kept struct {
	describe struct {
		name, nameLen, version, versionLen, text, textLen uint32
		schema                                            abiOptional
	}
	problems    []string
	abiProblems []uint32
	list        [2]uint32
	verdict     Verdict
	labels      []abiLabel
	failure     string
	answer      [12]uint32
}

//go:wasmexport tribunal:judge/plugin@0.1.0#describe
func exportDescribe() unsafe.Pointer {
	out := &kept.describe
	out.name, out.nameLen = parts(registered.Description.Name)
	out.version, out.versionLen = parts(registered.Description.Version)
	out.text, out.textLen = parts(registered.Description.Text)
	out.schema = optional(registered.Description.ConfigSchema)
	return unsafe.Pointer(out)
}

//go:wasmexport tribunal:judge/plugin@0.1.0#validate-config
func exportValidate(at, n uint32) unsafe.Pointer {
	json := string(bytesAt(at, n))
	inputOffset = 0
	kept.problems = nil
	if registered.Validate != nil {
		kept.problems = registered.Validate(json)
	} else if registered.Description.ConfigSchema == "" && json != "{}" && json != "" {
		kept.problems = []string{"the judge takes no configuration: remove its `config` table"}
	}
	kept.abiProblems = make([]uint32, 2*len(kept.problems)+1)
	for i, problem := range kept.problems {
		kept.abiProblems[2*i], kept.abiProblems[2*i+1] = parts(problem)
	}
	kept.list = [2]uint32{pointer(unsafe.SliceData(kept.abiProblems)), uint32(len(kept.problems))}
	return unsafe.Pointer(&kept.list)
}

//go:wasmexport tribunal:judge/plugin@0.1.0#judge
func exportJudge() unsafe.Pointer {
	verdict, err := judge()
	kept.verdict = verdict
	out := &kept.answer
	*out = [12]uint32{}
	if err != nil {
		kept.failure = err.Error()
		out[0], out[1] = 1, 3 // internal
		out[2], out[3] = parts(kept.failure)
		return unsafe.Pointer(out)
	}
	out[1] = uint32(kept.verdict.Status)
	out[2], out[3] = parts(kept.verdict.Summary)
	if c := kept.verdict.Counts; c != nil {
		out[4], out[5], out[6], out[7], out[8], out[9] = 1, c.Passed, c.Failed, c.Errored, c.Skipped, c.Flaky
	}
	kept.labels = labels(kept.verdict.Extra)
	out[10], out[11] = pointer(unsafe.SliceData(kept.labels)), uint32(len(kept.labels))
	return unsafe.Pointer(out)
}

// judge turns a panic into an error, with its place.
func judge() (verdict Verdict, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			stack := debug.Stack()
			hostStderr(unsafe.SliceData(stack), uint32(len(stack)))
			err = fmt.Errorf("panic: %v", panicked)
		}
	}()
	if registered.Judge == nil {
		return verdict, fmt.Errorf("no judge was registered: call tribunal.Register in an init function")
	}
	return registered.Judge()
}

// ---- imports ----

//go:wasmimport tribunal:judge/suite@0.1.0 pipeline
func suitePipeline(ret unsafe.Pointer)

//go:wasmimport tribunal:judge/suite@0.1.0 name
func suiteName(ret unsafe.Pointer)

//go:wasmimport tribunal:judge/suite@0.1.0 attempt
func suiteAttempt() uint32

//go:wasmimport tribunal:judge/suite@0.1.0 executor
func suiteExecutor(ret unsafe.Pointer)

//go:wasmimport tribunal:judge/suite@0.1.0 command
func suiteCommand(ret unsafe.Pointer)

//go:wasmimport tribunal:judge/suite@0.1.0 labels
func suiteLabels(ret unsafe.Pointer)

//go:wasmimport tribunal:judge/suite@0.1.0 config-json
func suiteConfig(ret unsafe.Pointer)

//go:wasmimport tribunal:judge/evidence@0.1.0 open-log
func openLog(channel int32) int32

//go:wasmimport tribunal:judge/evidence@0.1.0 [method]log.read
func logRead(log int32, max uint32, ret unsafe.Pointer)

//go:wasmimport tribunal:judge/evidence@0.1.0 [method]log.lines
func logLines(log int32, max uint32, ret unsafe.Pointer)

//go:wasmimport tribunal:judge/evidence@0.1.0 [method]log.tail
func logTail(log int32, max uint32, ret unsafe.Pointer)

//go:wasmimport tribunal:judge/evidence@0.1.0 [method]log.search
func logSearch(log int32, pattern *byte, patternLen, limit uint32, ret unsafe.Pointer)

//go:wasmimport tribunal:judge/evidence@0.1.0 [resource-drop]log
func dropLog(log int32)

//go:wasmimport tribunal:judge/evidence@0.1.0 artifacts
func artifacts(glob *byte, globLen uint32, ret unsafe.Pointer)

//go:wasmimport tribunal:judge/evidence@0.1.0 [method]artifact.name
func artifactName(artifact int32, ret unsafe.Pointer)

//go:wasmimport tribunal:judge/evidence@0.1.0 [method]artifact.size
func artifactSize(artifact int32) float64

//go:wasmimport tribunal:judge/evidence@0.1.0 [method]artifact.read
func artifactRead(artifact int32, max uint32, ret unsafe.Pointer)

//go:wasmimport tribunal:judge/evidence@0.1.0 ended
func ended(ret unsafe.Pointer)

//go:wasmimport tribunal:judge/evidence@0.1.0 duration-ms
func durationMs() float64

//go:wasmimport tribunal:judge/evidence@0.1.0 capture
func capture(ret unsafe.Pointer)

//go:wasmimport tribunal:judge/host@0.1.0 report-case
func reportCase(c unsafe.Pointer)

//go:wasmimport tribunal:judge/host@0.1.0 progress
func progress(done, known, total uint32)

//go:wasmimport tribunal:judge/host@0.1.0 log
func hostLog(level uint32, message *byte, messageLen uint32)

//go:wasmimport tribunal:judge/host@0.1.0 stderr
func hostStderr(bytes *byte, n uint32)
