import LuaRuntime
import RhoCore
import Testing

@Suite struct ArgumentTests {
    @Test(arguments: [
        ("t.add(1, 2)", "3"), ("t.add(41)", "42"), ("t.add(2e6)", "2000001"), ("t.add(1, nil)", "2"),
        ("t.greet('you', true)", "hello you!"), ("t.half(3)", "1.5"), ("t.sum { 1, 2, 3.0 }", "6"), ("t.sum {}", "0"),
        ("t.excess_loss { keep = 0.6 }", "0.6 batch false 0"),
        ("t.excess_loss { keep = 1, scope = 'sequence', warmup = 1e2 }", "1.0 sequence true 100"),
        ("t.source { 'a.jsonl' }", "a.jsonl {text} nil"),
        ("t.source { path = 'a', text = 'b', policy = { keep = 0.5 } }", "a b 0.5"),
        ("t.mix { t.thing(), t.thing(), weights = { 1, 2 } }", "2"), ("t.mix()", "0"), ("t.mix {}", "0"),
        ("t.names { b = 2, a = 1 }", "{a=1 b=2}"), ("t.either(0.5)", "0.5"), ("t.either { 0.5, 1 }", "{0.5 1}"),
        ("t.answer", "42"), ("t.echo(1, nil, 'x', true)", "1 nil x true"),
    ])
    func accepts(_ call: String, _ expected: String) throws {
        let bench = try Bench()
        #expect(describe(try bench.run("local t = require 't' return \(call)")) == expected)
    }

    @Test(arguments: [
        ("t.excess_loss { keep = 60 }", "t.excess_loss: keep must be in (0, 1], got 60 (did you mean 0.6?)"),
        ("t.excess_loss { keep = 0 }", "t.excess_loss: keep must be in (0, 1], got 0"),
        ("t.excess_loss { keep = 0/0 }", "t.excess_loss: keep must be in (0, 1], got nan"),
        ("t.excess_loss { keep = 'x' }", "t.excess_loss: keep must be in (0, 1], got \"x\""),
        (
            "t.excess_loss { keep = '0.6' }",
            "t.excess_loss: keep must be in (0, 1], got \"0.6\" (write 0.6 without quotes)"
        ),
        ("t.excess_loss {}", "t.excess_loss: keep is required (in (0, 1])"),
        ("t.excess_loss()", "t.excess_loss: keep is required (in (0, 1])"),
        ("t.excess_loss(5)", "t.excess_loss: the argument must be a table of options, got 5"),
        ("t.excess_loss { kep = 0.6 }", "t.excess_loss: unknown option 'kep' (did you mean 'keep'?)"),
        (
            "t.excess_loss { keep = 0.6, temperature = 1 }",
            "t.excess_loss: unknown option 'temperature' (options: keep, scope, scores, warmup)"
        ),
        (
            "t.excess_loss { keep = 0.6, scope = 'bach' }",
            "t.excess_loss: scope must be one of \"sequence\", \"batch\", got \"bach\" (did you mean 'batch'?)"
        ),
        (
            "t.excess_loss { 0.6 }",
            "t.excess_loss: takes named entries only (keep, scope, scores, warmup), got 0.6 as entry 1"
        ),
        (
            "t.excess_loss { keep = 0.6, scores = io.stdout }",
            "t.excess_loss: scores must be a Thing, got a userdata"
        ),
        ("t.excess_loss { keep = 0.6, warmup = 2.5 }", "t.excess_loss: warmup must be an integer >= 0, got 2.5"),
        ("t.source { 'a', path = 'b' }", "t.source: path is given twice, by name and by position"),
        ("t.source { 'a', 'b' }", "t.source: takes at most 1 without a name (path), got \"b\" as entry 2"),
        (
            "t.source { 'a', policy = { kep = 1 } }",
            "t.source: unknown option 'policy.kep' (did you mean 'keep'?)"
        ),
        (
            "t.source { 'a', policy = { keep = 2 } }",
            "t.source: policy.keep must be in (0, 1], got 2 (did you mean 0.02?)"
        ),
        ("t.mix { t.thing(), 5 }", "t.mix: parts[2] must be a Thing, got 5"),
        ("t.add()", "t.add: a is required (an integer)"),
        ("t.add(1.5)", "t.add: a must be an integer, got 1.5"),
        ("t.add('7')", "t.add: a must be an integer, got \"7\" (write 7 without quotes)"),
        ("t.add(1, 10)", "t.add: b must be an integer in [0, 9], got 10"),
        ("t.add(1, 2, 3)", "t.add: takes at most 2 arguments, got 3"),
        ("t.live(1)", "t.live: takes no arguments, got 1"),
        ("t.greet({})", "t.greet: name must be a string, got a table"),
        ("t.greet('x', 'true')", "t.greet: loud must be true or false, got \"true\" (write it without quotes)"),
        ("t.half(-1)", "t.half: x must be a number >= 0, got -1"),
        ("t.sum { 1, 0 }", "t.sum: values[2] must be an integer >= 1, got 0"),
        ("t.sum { n = 1 }", "t.sum: values must be a list, got a table with the key \"n\""),
        ("t.sum(3)", "t.sum: values must be a list (each element an integer >= 1), got 3"),
        ("t.names { 5 }", "t.names: map must have string keys only, but has 1"),
        ("t.names { a = 'x' }", "t.names: map.a must be a number, got \"x\""),
        ("t.either { 'x' }", "t.either: keep[1] must be a number, got \"x\""),
        (
            "t.either 'x'",
            "t.either: keep must be in [0, 1] or a list (each element a number), got \"x\""
        ),
        ("t.call(5)", "t.call: fn must be a function, got 5"),
        ("t.fail(1)", "t.fail: cannot open 1.0.jsonl"),
    ])
    func refuses(_ call: String, _ sentence: String) throws {
        let bench = try Bench()
        #expect(bench.failure("local t = require 't'\nlocal _ = \(call)") == "x.lua:2: " + sentence)
    }

    @Test func hintsAndCodesReachTheHost() throws {
        let bench = try Bench()
        let error = try #require(bench.error("require 't'.fail()"))
        #expect(error.code == .io)
        #expect(error.hint == "make it first")
        #expect(error.file == "x.lua" && error.line == 1)
        #expect(bench.error("require 't'.add()")?.code == .usage)
        #expect(bench.error("require 't'.half(-1)")?.code == .value)
    }

    @Test func stringsKeepTheirBytes() throws {
        let bench = try Bench()
        let values = try bench.run("return require 't'.echo('a\\0b', '\\xff\\xfe', 'é')")
        #expect(values[0].bytesValue == [97, 0, 98])
        #expect(values[1].bytesValue == [255, 254])
        #expect(values[2].stringValue == "é")
    }
}
