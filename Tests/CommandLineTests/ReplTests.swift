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

        /// At a terminal: completion of names, of option names and of their values.
        @Test func aTerminalCompletes() throws {
            let terminal = try PseudoTerminal(program, ["repl"])
            defer { terminal.end() }
            try terminal.expect("\n> ")
            terminal.type("rho.data.json\t")
            try terminal.expect("rho.data.jsonl")
            terminal.type(" { \"x.jsonl\", on_\t")
            try terminal.expect("on_bad_row = ")
            terminal.type("\"sk\t")
            try terminal.expect("\"skip")
        }

        /// Ctrl-C ends the line, or the script that runs, and never the session.
        @Test func aTerminalComesBackFromCtrlC() throws {
            let terminal = try PseudoTerminal(program, ["repl"])
            defer { terminal.end() }
            try terminal.expect("\n> ")
            terminal.type("6 * 7 +")
            try terminal.expect("6 * 7 +")
            terminal.type("\u{3}")
            try terminal.expect("\n> ")
            terminal.type("local function f(\n")
            try terminal.expect("\n>> ")
            terminal.type("\u{3}")
            try terminal.expect("\n> ")
            terminal.type("print(11 * 11) while true do end\n")
            try terminal.expect("121")
            terminal.type("\u{3}")
            try terminal.expect("interrupted (Ctrl-C)")
            try terminal.expect("\n> ")
            terminal.type("\u{4}")
            #expect(terminal.status() == 0)
        }

        /// Nothing that is typed early is lost: neither behind a Ctrl-C nor while a script runs.
        @Test func aTerminalKeepsWhatIsTypedAhead() throws {
            let terminal = try PseudoTerminal(program, ["repl"])
            defer { terminal.end() }
            try terminal.expect("\n> ")
            terminal.type("nonsense\u{3}print('gr\u{FC}n ' .. 13 * 13)\n")
            try terminal.expect("gr\u{FC}n 169")
            terminal.type("for i = 1, 3e7 do end print(17 * 17)\n19 * 19\n")
            try terminal.expect("289")
            try terminal.expect("361")
            try terminal.expect("\n> ")
            terminal.type("\u{4}")
            #expect(terminal.status() == 0)
        }

        /// The arrow brings back earlier lines, also those of an earlier session.
        @Test func aTerminalRemembersLines() throws {
            let first = try PseudoTerminal(program, ["repl"])
            defer { first.end() }
            try first.expect("\n> ")
            first.type("print(23 * 23)\n")
            try first.expect("529")
            try first.expect("\n> ")
            first.type("20 + 1\n")
            try first.expect("21")
            try first.expect("\n> ")
            first.type("\u{1B}[A\u{1B}[A\n")
            try first.expect("529")
            try first.expect("\n> ")
            first.type("\u{4}")
            #expect(first.status() == 0)
            #expect(try program.read("state/rhoscript/history").contains("23"))
            let second = try PseudoTerminal(program, ["repl"])
            defer { second.end() }
            try second.expect("\n> ")
            second.type("\u{1B}[A\n")
            try second.expect("529")
        }
    }
}

/// The program at a terminal of its own.
private final class PseudoTerminal {
    private let leader: Int32
    private var child: pid_t = 0
    private var seen: [UInt8] = []
    /// Seconds; a machine that does something else at the same time is no failure.
    private static let patience = 60.0

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
        let deadline = Clock.monotonicSeconds() + Self.patience
        var buffer = [UInt8](repeating: 0, count: 4096)
        while Clock.monotonicSeconds() < deadline {
            // All of it at once: a sequence that moves the cursor may arrive in two pieces.
            let shown = Self.plain(seen)
            if let found = shown.firstRange(of: text) {
                seen = Array(shown[found.upperBound...].utf8)
                return
            }
            let count = read(leader, &buffer, buffer.count)
            if count > 0 { seen += buffer.prefix(count) } else { usleep(5000) }
        }
        Issue.record("the terminal did not show '\(text)' but: \(String(decoding: seen, as: UTF8.self))")
        throw RhoError(.mismatch, "nothing of the kind")
    }

    /// The text without what moves the cursor within a line and what it moves over.
    private static func plain(_ bytes: [UInt8]) -> String {
        let text = bytes.filter { ![7, 8, 13].contains($0) }
        return String(decoding: text, as: UTF8.self).replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "")
    }

    /// The exit status, waited for.
    func status() -> Int32 {
        var status: Int32 = 0
        let deadline = Clock.monotonicSeconds() + Self.patience
        while waitpid(child, &status, WNOHANG) == 0 {
            if Clock.monotonicSeconds() > deadline { return -1 }
            usleep(5000)
        }
        child = 0
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    func end() {
        if child != 0 { kill(child, SIGKILL) }
        close(leader)
    }
}
