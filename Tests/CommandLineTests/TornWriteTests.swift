import Glibc
import RhoCheckpoint
import RhoCore
import RhoTraining
import Testing

extension CommandLineTests {
    /// Processes that die in the middle of a write. `RHO_LONG_TESTS=1` kills 200 of each kind.
    @Suite(.serialized) struct TornWrites {
        let program: Program

        init() throws { program = try Program() }

        private func path(_ name: String) -> String { program.directory.file(name) }
        private var kills: Int { Crashes.isLong ? 200 : 6 }

        /// Checkpoints of megabytes after every step, so that most of the time something is being written.
        private static let heavy = """
            local rho = require "rho"
            return rho.experiment {
              name = "heavy", params = { seed = 1 },
              run = function(p)
                local tok = rho.tokenizer.bytes()
                local model = rho.model.llama { tokenizer = tok, dim = 128, layers = 4, heads = 4, context = 32 }
                return rho.train { name = "arm", model = model, data = rho.data.generate { documents = 100 },
                  tokens = 12 * 2 * 32, batch = 2, seed = p.seed, checkpoint_every = 1 }
              end,
            }
            """

        private static func steps(_ folder: String) -> [Int] {
            ((try? TrainState.checkpoints(in: folder)) ?? []).compactMap { Int($0.dropFirst("step-".count)) }
        }

        private func unfinished(_ folder: String, _ isTemporary: (String) -> Bool) -> Bool {
            ((try? Files.list(folder)) ?? []).contains(where: isTemporary)
        }

        @Test func killedWhileACheckpointIsWritten() throws {
            try program.write("heavy.lua", Self.heavy)
            #expect(try program.run("heavy.lua", "--out", "whole", "--no-cache", "--progress", "none").status == 0)
            let whole = try TinyExperiment.content(path("whole"))
            var random = RandomStream(seed: 2, name: "kill")
            let checkpoints = path("run/arm/checkpoints")
            var (torn, dead) = (0, 0)
            while dead < kills {
                try Files.remove(tree: path("run"))
                var reached = 0
                // Again and again, until one gets through.
                for _ in 0..<30 {
                    let before = reached
                    let outcome = try program.run(
                        ["heavy.lua", "--out", "run", "--no-cache", "--progress", "none"],
                        signal: dead < kills ? SIGKILL : nil,
                        moment: {
                            // The first one after the step that was reached.
                            unfinished(checkpoints) { $0.hasSuffix(".tmp") || $0.hasPrefix("latest.tmp") }
                                && Self.steps(checkpoints).max() ?? 0 >= before
                        }, after: 0.03 * random.uniform())
                    let now = Self.steps(checkpoints).max() ?? 0
                    #expect(now >= reached, "step \(reached) was there, now it is \(now)")
                    reached = now
                    if outcome.status == 0 { break }
                    #expect(outcome.status == 128 + SIGKILL, "\(outcome.err)")
                    dead += 1
                    if unfinished(checkpoints, { $0.hasSuffix(".tmp") }) { torn += 1 }
                }
                if RunStatus.of(directory: path("run")) == .done {
                    #expect(try TinyExperiment.content(path("run")) == whole)
                    #expect(!unfinished(checkpoints) { $0.contains(".tmp") })
                }
            }
            let last = try program.run("heavy.lua", "--out", "run", "--no-cache", "--progress", "none")
            #expect(last.status == 0, "\(last.err)")
            #expect(try TinyExperiment.content(path("run")) == whole)
            #expect(torn > 0, "no kill hit a checkpoint that was being written")
            if Crashes.isLong { print("\(dead) kills, \(torn) of them with a checkpoint half written") }
        }

        @Test func killedWhileAResultIsStored() throws {
            try program.write("tiny.lua", TinyExperiment.source)
            #expect(try program.run("tiny.lua", "--out", "whole", "--progress", "none").status == 0)
            let whole = try TinyExperiment.content(path("whole"))
            var random = RandomStream(seed: 3, name: "kill")
            var (torn, dead, round) = (0, 0, 0)
            while dead < kills {
                round += 1
                let cache = path("cache\(round)")
                for attempt in 0..<8 {
                    let outcome = try program.run(
                        ["tiny.lua", "--out", "run\(round)", "--cache", cache, "--progress", "none"],
                        signal: attempt < 7 && dead < kills ? SIGKILL : nil,
                        moment: { unfinished("\(cache)/objects") { $0.hasPrefix(".tmp") } },
                        after: 0.02 * random.uniform())
                    if outcome.status == 0 { break }
                    #expect(outcome.status == 128 + SIGKILL, "\(outcome.err)")
                    dead += 1
                    if unfinished("\(cache)/objects", { $0.hasPrefix(".tmp") }) { torn += 1 }
                    #expect(try ObjectStore(root: cache).verify(repairing: false).damaged.isEmpty)
                }
                #expect(
                    try program.run("tiny.lua", "--out", "run\(round)", "--cache", cache, "--progress", "none").status
                        == 0)
                #expect(try TinyExperiment.content(path("run\(round)")) == whole)
                #expect(!unfinished("\(cache)/objects") { $0.hasPrefix(".tmp") })
                try Files.remove(tree: cache)
                try Files.remove(tree: path("run\(round)"))
            }
            #expect(torn > 0, "no kill hit a result that was being stored")
            if Crashes.isLong { print("\(dead) kills, \(torn) of them with a result half stored") }
        }

        /// A file system of its own, small or read-only, that goes with the process; nil where that is not allowed.
        private func inSmallDisk(_ megabytes: Int, _ body: String) throws -> Outcome? {
            guard Shell.run(["unshare", "-rm", "true"]) == 0 else { return nil }
            return try program.run(
                [],
                through: """
                    exec unshare -rm sh -c 'mkdir -p disk && mount -t tmpfs -o size=\(megabytes)m none disk && \(body)' sh "$1"
                    """)
        }

        @Test func aFullDiskKeepsTheLastGoodCheckpoint() throws {
            try program.write("heavy.lua", Self.heavy)
            #expect(try program.run("heavy.lua", "--out", "whole", "--no-cache", "--progress", "none").status == 0)
            // Room for one checkpoint and a half: the second cannot be written.
            let command = "\"$1\" heavy.lua --out disk/run --cache other --progress none"
            let outcome = try inSmallDisk(
                18,
                "\(command); echo first $?; ls disk/run/arm/checkpoints; mount -o remount,size=200m disk && \(command); echo second $?; cp -r disk/run kept"
            )
            guard let outcome else { return print("skipped: no file system can be mounted here") }
            #expect(outcome.out.contains("first 1\n"), "\(outcome.out) \(outcome.err)")
            #expect(outcome.err.contains(": No space left on device"), "\(outcome.err)")
            #expect(outcome.out.contains("latest\nstep-0"), "\(outcome.out)")
            #expect(outcome.out.contains("second 0\n"), "\(outcome.err)")
            #expect(try TinyExperiment.content(path("kept")) == TinyExperiment.content(path("whole")))
            let events = try Files.readText(path("kept/arm/metrics.jsonl")).split(separator: "\n").filter {
                $0.contains("resume")
            }
            #expect(events.count == 1 && !events[0].contains("\"step\":0"), "\(events)")
        }

        @Test func aReadOnlyDirectoryIsAClearError() throws {
            try program.write("tiny.lua", TinyExperiment.source)
            let outcome = try inSmallDisk(
                4,
                "mkdir disk/run && mount -o remount,ro disk; for out in disk/run disk/new; do \"$1\" tiny.lua --out $out; echo status $?; done; \"$1\" tiny.lua --out o --cache disk/cache; echo status $?"
            )
            guard let outcome else { return print("skipped: no file system can be mounted here") }
            #expect(outcome.out == "status 1\nstatus 1\nstatus 1\n", "\(outcome.out)")
            for sentence in [
                "cannot write disk/run/lock.json: Read-only file system",
                "cannot make directory disk/new: Read-only file system", "the store disk/cache cannot be written: ",
            ] {
                #expect(outcome.err.contains(sentence), "\(outcome.err)")
            }
        }

        /// A limit on the size of files is an error as a full disk is, not the end by a signal.
        @Test func aFileSizeLimitIsAnError() throws {
            try program.write("heavy.lua", Self.heavy)
            let outcome = try program.run(
                ["heavy.lua", "--out", "run", "--no-cache", "--progress", "none"],
                through: "ulimit -f 1000; exec \"$@\"")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains(": File too large"), "\(outcome.err)")
        }
    }
}
