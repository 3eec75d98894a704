import Glibc
import RhoCore
import RhoTestSupport
import Testing

extension CommandLineTests {
    /// `rhoscript repl`, from a pipe and at a terminal.
    @Suite(.serialized) struct Repl {
        let program: Program

        init() throws { program = try Program() }

        private func typed(_ lines: String...) throws -> Outcome {
            try program.run(["repl"], input: program.write("in", lines.joined(separator: "\n") + "\n"))
        }

        @Test func expressionsPrintTheirValue() throws {
            let repl = try typed(
                "1 + 1", "_ * 2", "local x = { 3, b = { c = \"q\\n\" } }", "x", "x.b, nil", "nil", "y = 5", "y",
                "for i = 1, 2 do", "  print(i)", "end", "-- a comment", "")
            #expect(repl.status == 0, "\(repl.err)")
            #expect(
                repl.out == """
                    2
                    4
                    { 3, b = { c = "q\\n" } }
                    { c = "q\\n" }
                    nil
                    nil
                    5
                    1
                    2

                    """, "\(repl.out)")
        }

        @Test func mistakesAreSaidAndTheSessionGoesOn() throws {
            let repl = try typed("nope", "rho.data.jsonl { pth = 1 }", "error('x')", "1")
            #expect(repl.status == 1)
            #expect(repl.out == "1\n")
            #expect(repl.err.contains("input:1: global 'nope' is not defined"), "\(repl.err)")
            #expect(repl.err.contains("(did you mean 'path'?)"))
        }

        @Test func helpTakesNamesFunctionsAndObjects() throws {
            let repl = try typed(
                "help(rho.train)", "help \"rho.data.jsonl\"", "help(rho.tokenizer.bytes())", "help \"rho.trian\"")
            #expect(repl.out.contains("rho.train { … }"), "\(repl.out)")
            #expect(repl.out.contains("on_bad_row"))
            #expect(repl.out.contains("Tokenizer:encode"))
            #expect(repl.out.contains("nothing is called 'rho.trian' (did you mean 'rho.train'?)"))
        }

        @Test func trainingsGetARunDirectory() throws {
            let repl = try typed(
                "web = rho.data.generate { documents = 20 }",
                "model = rho.model.llama { tokenizer = rho.tokenizer.bytes(), dim = 8, layers = 1, heads = 1, context = 16 }",
                "keep = 2",
                "policy = rho.select.policy { weights = function(t) return t.loss * keep end }",
                "rho.train { model = model, data = web, tokens = 64, batch = 2, select = policy }")
            #expect(repl.out.contains("run 'policy': 2 steps, "), "\(repl.out)\(repl.err)")
            #expect(try Files.list(program.directory.file("runs/repl")).count == 1)
        }

        @Test func unfinishedInputIsAMistake() throws {
            let repl = try typed("x = {")
            #expect(repl.status == 1 && repl.err == "rhoscript: the input ends inside a statement\n")
        }

        @Test func aTerminalCompletes() throws {
            let terminal = try PseudoTerminal(program, ["repl"])
            defer { terminal.end() }
            try terminal.expect("> ")
            terminal.type("rho.data.json\t")
            try terminal.expect("rho.data.jsonl")
            terminal.type(" { \"x.jsonl\", on_\t")
            try terminal.expect("on_bad_row = ")
            terminal.type("\"sk\t")
            try terminal.expect("\"skip")
        }
    }
}

/// The program at a terminal of its own.
private final class PseudoTerminal {
    private let leader: Int32
    private var child: pid_t = 0
    private var seen = ""

    init(_ program: Program, _ arguments: [String]) throws {
        leader = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (locked, number): (Int32, UInt32) = (0, 0)
        // TIOCSPTLCK and TIOCGPTN: what unlockpt and ptsname do, which Glibc's module leaves out.
        guard leader >= 0, ioctl(leader, 0x4004_5431, &locked) == 0, ioctl(leader, 0x8004_5430, &number) == 0 else {
            throw RhoError(.io, "there is no pseudo-terminal")
        }
        let name = "/dev/pts/\(number)"
        // A terminal gets its process only through setsid and opening it first, which setsid(1) --ctty does.
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 { posix_spawn_file_actions_addopen(&actions, descriptor, name, O_RDWR, 0) }
        var words =
            (["setsid", "--ctty", "--wait", "env", "-C", program.directory.path, Program.path] + arguments).map {
                strdup($0)
            } + [nil]
        let variables = [
            "PATH=\(String(cString: getenv("PATH")))", "HOME=\(program.directory.path)", "TERM=xterm", "LC_ALL=C.UTF-8",
            "XDG_STATE_HOME=\(program.directory.file("state"))", "RHO_CACHE=\(program.directory.file("cache"))",
        ]
        var environment = variables.map { strdup($0) } + [nil]
        defer { for pointer in words + environment { free(pointer) } }
        guard posix_spawnp(&child, "setsid", &actions, nil, &words, &environment) == 0 else {
            throw RhoError(.io, "cannot start setsid")
        }
        _ = fcntl(leader, F_SETFL, O_NONBLOCK)
    }

    func type(_ text: String) { _ = text.withCString { write(leader, $0, strlen($0)) } }

    /// Reads until `text` appears; what came before it is forgotten.
    func expect(_ text: String) throws {
        let deadline = Clock.monotonicSeconds() + 20
        var buffer = [UInt8](repeating: 0, count: 4096)
        while Clock.monotonicSeconds() < deadline {
            if let found = seen.range(of: text) {
                seen = String(seen[found.upperBound...])
                return
            }
            let count = read(leader, &buffer, buffer.count)
            if count > 0 { seen += Self.plain(buffer.prefix(count)) } else { usleep(5000) }
        }
        Issue.record("the terminal did not show '\(text)' but: \(seen)")
        throw RhoError(.mismatch, "nothing of the kind")
    }

    /// The text without what moves the cursor and what it moves over.
    private static func plain(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self).replacing(/\u{1B}\[[0-9;?]*[A-Za-z]|[\n\r\u{7}\u{8}]/, with: "")
    }

    func end() {
        if child != 0 { kill(child, SIGKILL) }
        close(leader)
    }
}

extension String {
    fileprivate func range(of needle: String) -> Range<String.Index>? { firstRange(of: needle) }
}
