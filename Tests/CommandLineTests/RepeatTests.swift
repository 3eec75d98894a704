import Glibc
import RhoCore
import RhoTraining
import Testing

extension CommandLineTests {
    /// Runs that are done once more, and experiments that are held to their lock files.
    @Suite(.serialized) struct Repeats {
        let program: Program

        init() throws {
            program = try Program()
            try program.write("experiments/tiny.lua", TinyExperiment.source)
            #expect(try program.run("experiments/tiny.lua", "keep=0.4", "--out", "first").status == 0)
        }

        private func path(_ name: String) -> String { program.directory.file(name) }

        /// Changes the last digit of a number in a line of the metrics.
        private func alter(_ file: String, step: Int, tag: String) throws {
            let lines = try program.read(file).split(separator: "\n").map { line -> String in
                guard var json = try? JSON.parse(String(line)), json["step"]?.intValue == step,
                    let value = json[tag]?.doubleValue
                else { return String(line) }
                json[tag] = .number(value.nextUp)
                return json.serialized()
            }
            try program.write(file, lines.joined(separator: "\n") + "\n")
        }

        @Test func theSameBits() throws {
            let outcome = try program.run("repeat", "first", "--out", "second")
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(
                outcome.out.hasPrefix("first repeated in second: bit for bit the same (2 trainings, "), "\(outcome.out)"
            )
            #expect(try TinyExperiment.content(path("second")) == TinyExperiment.content(path("first")))
            #expect(try JSON.parse(program.read("second/config.json"))["keep"] == 0.4)
        }

        @Test func theFirstStepThatDiffers() throws {
            try alter("first/slm/metrics.jsonl", step: 40, tag: "train/loss")
            try alter("first/slm/metrics.jsonl", step: 50, tag: "train/loss")
            let outcome = try program.run("repeat", "first", "--out", "second")
            #expect(outcome.status == 4)
            #expect(
                outcome.err.contains("rhoscript: second is not what first was\n  slm: step 40: train/loss was "),
                "\(outcome.err)")
            #expect(try program.run("repeat", "first", "--tolerance", "1e-9").status == 0)
        }

        @Test func whatChangedIsNamedBeforeItCosts() throws {
            try program.write("experiments/tiny.lua", TinyExperiment.source.replacing("seed = 13", with: "seed = 14"))
            let outcome = try program.run("repeat", "first", "--progress", "plain")
            #expect(outcome.status == 4)
            #expect(
                outcome.err.contains(
                    "this is not what \(path("first")) ran: the code of the experiment's function has changed"),
                "\(outcome.err)")
            #expect(!outcome.err.contains("step "))
            // The function is the same, and what it reads is not.
            try program.write(
                "experiments/data.lua",
                """
                local rho = require "rho"
                return rho.experiment { name = "data", params = { seed = 1 }, run = function(p)
                  local tok = rho.tokenizer.bytes()
                  local model = rho.model.llama { tokenizer = tok, dim = 16, layers = 1, heads = 2, context = 16 }
                  return rho.train { name = "clm", model = model, data = rho.data.text { "corpus.txt" }, tokens = 512, batch = 4 }
                end }
                """)
            try program.write("experiments/corpus.txt", String(repeating: "to be or not to be\n", count: 50))
            #expect(try program.run("experiments/data.lua", "--out", "read").status == 0)
            try program.write("experiments/corpus.txt", String(repeating: "to be or not to bee\n", count: 50))
            let data = try program.run("repeat", "read", "--progress", "plain")
            #expect(data.status == 4)
            #expect(data.err.contains(" is not what it was in the run that is repeated: "), "\(data.err)")
            #expect(data.err.contains("corpus"), "\(data.err)")
        }

        @Test func lockFilesHoldExperiments() throws {
            let locked = try program.run("lock", "first", "--tolerance", "1e-4")
            #expect(locked.status == 0, "\(locked.err)")
            #expect(locked.out.hasPrefix("wrote experiments/tiny.lock.json from first"), "\(locked.out)")
            let text = try program.read("experiments/tiny.lock.json")
            #expect(!text.contains(program.directory.path), "a lock file names no place of this machine")
            let good = try program.run("verify", "--progress", "none")
            #expect(good.status == 0, "\(good.err)")
            #expect(good.out.hasPrefix("experiments/tiny.lock.json: as it was locked (runs/tiny/"), "\(good.out)")
            // A comment changes nothing.
            try program.write("experiments/tiny.lua", "-- a comment\n" + TinyExperiment.source)
            #expect(
                try program.run("verify", "experiments/tiny.lua", "--trust-cache", "--progress", "none").status == 0)
            var lock = try JSON.parse(text)
            lock["results"]?["slm"]?["eval/clean/loss"] = 1.5
            try program.write("experiments/tiny.lock.json", lock.serialized())
            let other = try program.run("verify", "--trust-cache", "--progress", "none")
            #expect(other.status == 4)
            #expect(other.out.contains("\n  slm: eval/clean/loss was 1.5 and is "), "\(other.out)")
            #expect(other.err == "rhoscript: 1 of 1 experiments do not give what was locked\n")
            try program.write("experiments/tiny.lua", TinyExperiment.source.replacing("seed = 13", with: "seed = 14"))
            #expect(try program.run("verify", "--progress", "none").status == 4)
            #expect(
                try program.run("lock", "first").err.contains("experiments/tiny.lua has changed since first was made"))
        }

        /// Another build rounds otherwise: it scores with weights of another fingerprint, and results need only be near.
        /// Other data are other data all the same.
        @Test func anotherBuildNeedsOnlyBeNear() throws {
            #expect(try program.run("lock", "first", "--tolerance", "1e-4").status == 0)
            let lock = try JSON.parse(program.read("experiments/tiny.lock.json"))
            let other = String(repeating: "0", count: 64)
            func changed(_ part: String) -> JSON {
                var lock = lock
                lock["identity"]?["engine"] = .string(other)
                let verbs = lock["verbs"]?.arrayValue ?? []
                lock["verbs"] = .array(
                    verbs.map { record in
                        var (record, parts) = (record, record["key"]?["parts"] ?? .null)
                        if parts[part] != nil { parts[part] = .string(other) }
                        let key = ObjectKey(
                            verb: record["key"]?["verb"]?.stringValue ?? "", engine: other,
                            parts: parts.objectValue ?? [:])
                        record["key"] = key.json
                        return record
                    })
                return lock
            }
            try program.write("experiments/tiny.lock.json", changed("reference").serialized())
            let near = try program.run("verify", "--progress", "none")
            #expect(near.status == 0, "\(near.out)\(near.err)")
            #expect(
                near.out.hasPrefix("experiments/tiny.lock.json: as it was locked, another build, within 0.0001 ("),
                "\(near.out)")
            try program.write("experiments/tiny.lock.json", changed("corpus").serialized())
            let far = try program.run("verify", "--progress", "none")
            #expect(far.status == 4)
            #expect(
                far.err.contains("is not what it was in the run that is repeated: corpus: 000000000000 -> "),
                "\(far.err)")
        }

        /// An experiment of this repository gives what its lock file says, on this machine too.
        @Test func theQuickstartGivesWhatWasLocked() throws {
            let root = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))
            let outcome = try program.run(
                "verify", "\(root)/experiments/quickstart.lock.json", "--progress", "none")
            #expect(outcome.status == 0, "\(outcome.out)\(outcome.err)")
            #expect(outcome.out.contains("quickstart.lock.json: as it was locked"), "\(outcome.out)")
        }

        @Test func cleanMeansCommitted() throws {
            let outcome = try program.run("experiments/tiny.lua", "--require-clean", "--out", "clean")
            #expect(outcome.status == 2)
            #expect(
                outcome.err.contains("--require-clean: experiments is in no git repository with a commit"),
                "\(outcome.err)")
            func git(_ command: String) throws {
                try program.shell("git -c user.name=x -c user.email=x@y.z " + command)
            }
            try git("init -q .")
            try git("add experiments")
            try git("commit -qm x")
            #expect(try program.run("experiments/tiny.lua", "--require-clean", "--out", "clean").status == 0)
            try program.write("experiments/tiny.lua", TinyExperiment.source + "\n")
            let dirty = try program.run("experiments/tiny.lua", "--require-clean", "--out", "clean")
            #expect(dirty.status == 2)
            #expect(
                dirty.err == """
                    rhoscript: --require-clean: the working tree is not what is committed: experiments/tiny.lua
                      commit or stash the changes, or run without --require-clean

                    """)
            try git("checkout -q experiments")
            try program.write("experiments/new.lua", TinyExperiment.source)
            let untracked = try program.run("experiments/new.lua", "--require-clean")
            #expect(untracked.err.contains("experiments/new.lua (not tracked)"), "\(untracked.err)")
        }
    }
}
