import Glibc
import RhoCore
import RhoTraining
import Testing

extension CommandLineTests {
    /// A stranger's script that tries to get out.
    @Suite(.serialized) struct Sandboxed {
        let program: Program

        init() throws {
            program = try Program()
            try program.write("secret.txt", "the secret\n")
            try program.write("outside/tokenizer.json", "{}")
            try program.write("guest/inside.txt", "allowed\n")
            try Files.makeDirectory(program.directory.file("declared"))
            try program.write("declared/data.txt", "declared\n")
            symlink("../secret.txt", program.directory.file("guest/link.txt"))
            symlink("../outside", program.directory.file("guest/way"))
            symlink("../new.txt", program.directory.file("guest/dangling"))
        }

        private func run(_ body: String, _ flags: String...) throws -> Outcome {
            try program.write(
                "guest/x.lua",
                """
                local rho = require "rho"
                local native = require "rho.native"
                local tok = rho.tokenizer.bytes()
                local function model() return rho.model.llama { tokenizer = tok, dim = 8, layers = 1, heads = 2, context = 8, seed = 1 } end
                \(body)
                return rho.experiment { name = "x", run = function() return 1 end }
                """)
            return try program.run(["guest/x.lua", "--sandbox"] + flags)
        }

        @Test(arguments: [
            "rho.data.text({ PATH }):count()", "rho.data.jsonl({ PATH }):count()", "rho.model.load(PATH)",
            "rho.tokenizer.load(PATH)", "rho.eval.choice { model = model(), items = PATH }",
            "rho.stage { name = 's', files = { PATH }, run = function() return 1 end }",
        ])
        func readsStayBelowItsDirectory(_ call: String) throws {
            let places = [
                "/etc/passwd", "secret.txt", "../secret.txt", "guest/link.txt", "guest/../secret.txt",
                "guest/way/tokenizer.json",
                "/proc/self/environ", program.directory.file("secret.txt"), "declared/data.txt",
            ]
            for path in call.contains("text") ? places : Array(places[..<4]) {
                let outcome = try run(call.replacing("PATH", with: "'\(path)'"))
                #expect(outcome.status == 1, "\(call) \(path)")
                #expect(
                    outcome.err.contains("the sandbox does not let a script read"), "\(call) \(path): \(outcome.err)")
                #expect(!outcome.err.contains("the secret"))
            }
        }

        @Test func whatIsItsOwnOrDeclaredCanBeRead() throws {
            #expect(try run("print(rho.data.text({ 'guest/inside.txt' }):count())").out.hasPrefix("1\t8\n"))
            let declared = try run("print(rho.data.text({ 'declared' }):count())", "--allow-read", "declared")
            #expect(declared.out.hasPrefix("1\t9\n"), "\(declared.err)")
        }

        @Test(arguments: [
            "model():save(PATH)", "tok:save(PATH)",
            "rho.plot { path = PATH, series = { { name = 'a', x = { 1 }, y = { 1 } } } }",
            "rho.report { path = PATH, title = 't', sections = {} }",
            "native.run.open { experiment = 'e', params = {}, dir = PATH }",
        ])
        func writesStayInItsRunDirectory(_ call: String) throws {
            for path in [
                "new", "../new", "guest/new", "guest/way/new", "/tmp/rho-new", "guest/dangling", "guest/x.lua",
            ] {
                let outcome = try run(call.replacing("PATH", with: "'\(path)'"))
                #expect(outcome.status == 1, "\(call) \(path)")
                #expect(outcome.err.contains("the sandbox does not let a script"), "\(call) \(path): \(outcome.err)")
            }
            let left = try Files.list(program.directory.path).filter { !$0.hasPrefix(".") }
            #expect(left == ["declared", "guest", "outside", "runs", "secret.txt"])
            #expect(try Files.list(program.directory.file("outside")) == ["tokenizer.json"])
            #expect(try program.read("guest/x.lua").hasPrefix("local rho"))
            #expect(!Files.exists("/tmp/rho-new"))
        }

        @Test func otherRunsAreOutOfReach() throws {
            try program.write("tiny.lua", TinyExperiment.source)
            #expect(try program.run("tiny.lua", "--out", "mine").status == 0)
            let outcome = try run(
                """
                local identity = native.store.identity { experiment = "x", params = {}, run = print }
                print(pcall(native.store.claim, { dir = "mine", identity = identity, force = true }))
                print(pcall(rho.model.load, "mine/slm/checkpoints/step-000063"))
                """)
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(
                outcome.out.contains(
                    "false\tguest/x.lua:7: rho.model.load: the sandbox does not let a script read mine/"),
                "\(outcome.out)")
            #expect(RunStatus.of(directory: program.directory.file("mine")) == .done)
        }

        @Test func namesThatAreProgramsAreNotRun() throws {
            let outcome = try run(
                """
                local out = native.run.open({ experiment = 'e', params = {} }):dir()
                for _, name in ipairs { "|touch pwned; cat", "<touch pwned", "`touch pwned`", "a'b" } do
                  rho.plot { path = out .. "/" .. name, title = name, x = "`touch pwned`", y = "$(touch pwned)",
                    series = { { name = "`touch pwned`'", x = { 1, 2 }, y = { 1, 2 } } } }
                end
                """)
            #expect(outcome.status == 0, "\(outcome.err)")
            for place in ["", "guest/", "runs/"] { #expect(!Files.exists(program.directory.file("\(place)pwned"))) }
            #expect(try find("pwned", below: program.directory.path).isEmpty)
        }

        private func find(_ name: String, below folder: String) throws -> [String] {
            try Files.list(folder).flatMap { child -> [String] in
                let path = "\(folder)/\(child)"
                if child == name { return [path] }
                var status = stat()
                guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return [] }
                return try find(name, below: path)
            }
        }

        @Test func aRepositorysOwnSettingsRunNothing() throws {
            let folder = program.directory.file("guest")
            let git = { (words: [String]) in Shell.run(["git", "-C", folder] + words) }
            guard git(["init", "-q"]) == 0 else { return }
            _ = git(["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"])
            _ = git(["config", "core.fsmonitor", "touch \(program.directory.path)/pwned; false"])
            #expect(try run("").status == 0)
            #expect(!Files.exists(program.directory.file("pwned")))
        }

        @Test func nothingOfTheSystemIsThere() throws {
            let outcome = try run(
                """
                for _, name in ipairs { "io", "package", "dofile", "loadfile", "warn" } do print(name, rawget(_G, name)) end
                for _, name in ipairs { "execute", "remove", "rename", "getenv", "tmpname", "setlocale" } do print(name, os[name]) end
                print(pcall(require, "io"), (pcall(require, "package")), load("\\27Lua"), string.dump)
                print("\\27]0;title\\7done")
                """)
            #expect(outcome.status == 0, "\(outcome.err)")
            for line in outcome.out.split(separator: "\n").prefix(11) { #expect(line.hasSuffix("nil"), "\(line)") }
            #expect(outcome.out.contains("\u{FFFD}]0;title\u{FFFD}done") && !outcome.out.contains("\u{1B}"))
        }

        @Test(arguments: [
            ("while true do pcall(function() while true do end end) end", "the script has used up its time limit"),
            (
                "local s = ('a'):rep(30000); s:find('.-.-.-.-b')",
                "rhoscript: the script took longer than --max-seconds 0.5"
            ),
        ])
        func timeIsLimited(_ body: String, _ sentence: String) throws {
            let outcome = try run(body, "--max-seconds", "0.5")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains(sentence), "\(outcome.err)")
        }

        @Test(arguments: [
            (
                "local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t end",
                "more memory than its limit of 128 MiB"
            ),
            ("local t = {} while true do t[#t + 1] = rho.tensor.zeros { 1000, 1000 } end", "out of memory: "),
            ("local s = ('x'):rep(1 << 30)", "memory"),
        ])
        func memoryIsLimited(_ body: String, _ sentence: String) throws {
            let outcome = try run(body, "--max-memory", "128MiB")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains(sentence), "\(outcome.err)")
        }

        @Test func theFlagsGoTogether() throws {
            try program.write("a.lua", "return 1")
            for flags in [["--allow-read", "x"], ["--max-memory", "1GiB"], ["--max-seconds", "5"]] {
                let outcome = try program.run(["a.lua"] + flags)
                #expect(outcome.status == 2)
                #expect(
                    outcome.err.hasPrefix("rhoscript: --allow-read, --max-memory and --max-seconds go with --sandbox"))
            }
            let missing = try program.run("a.lua", "--sandbox", "--allow-read", "nothing")
            #expect(missing.status == 2)
            #expect(missing.err == "rhoscript: --allow-read nothing: no such file or directory\n")
            let size = try program.run("a.lua", "--sandbox", "--max-memory", "much")
            #expect(
                size.err.hasPrefix("rhoscript: --max-memory must be a size of 32MiB or more, such as 2GiB, got much"))
        }

        /// The numbers are those of a run without the sandbox, and everything lies where it should.
        @Test func anHonestExperimentNoticesNothing() throws {
            try program.write("guest/tiny.lua", TinyExperiment.source)
            #expect(try program.run("guest/tiny.lua", "--out", "free").status == 0)
            let outcome = try program.run("guest/tiny.lua", "--sandbox", "--out", "caged")
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(
                try TinyExperiment.content(program.directory.file("caged"))
                    == TinyExperiment.content(program.directory.file("free")))
            let named = try program.run("guest/tiny.lua", "--sandbox", "--set", "keep=0.5")
            #expect(named.status == 0, "\(named.err)")
            #expect(named.out.contains("run directory: runs/sandboxed/guest-"), "\(named.out)")
        }

        @Test func specsRunInItToo() throws {
            try program.write(
                "guest/a_spec.lua",
                """
                local rho = require "rho"
                describe("a guest", function()
                  it("reads its own", function() expect.equal(rho.data.text({ "guest/inside.txt" }):count(), 1) end)
                  it("reads nothing else", function()
                    expect.error("the sandbox", function() rho.data.text({ "secret.txt" }):count() end)
                  end)
                end)
                """)
            let outcome = try program.run("test", "guest", "--sandbox")
            #expect(outcome.status == 0, "\(outcome.out)\(outcome.err)")
        }
    }
}

/// Programs that tests use beside the one under test.
enum Shell {
    /// Runs a program to its end; its exit status, or -1 where it is not there.
    static func run(_ words: [String]) -> Int32 {
        var copies = words.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        var child: pid_t = 0
        guard posix_spawnp(&child, words[0], nil, nil, &copies, environ) == 0 else { return -1 }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
