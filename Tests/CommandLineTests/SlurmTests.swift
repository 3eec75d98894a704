import Glibc
import RhoCore
import RhoTraining
import Testing

extension CommandLineTests {
    /// Sweeps as arrays of a real Slurm, started on this machine for the test.
    @Suite(.serialized) struct Slurm {
        let program: Program

        init() throws {
            program = try Program()
            try program.write("tiny.lua", TinyExperiment.source)
        }

        private static let cluster = Files.parent(of: Files.parent(of: #filePath)) + "/Slurm/cluster"

        @Test func scriptsNameCellsByFingerprint() throws {
            let outcome = try program.run(
                "slurm", "tiny.lua", "--sweep", "keep={0.4, 0.8}", "-j", "1", "--cpus", "2", "--sbatch=--time=4:00:00",
                "--print")
            #expect(outcome.status == 0, "\(outcome.err)")
            for line in [
                "#SBATCH --array=0-1%1", "#SBATCH --requeue", "#SBATCH --signal=B:USR1@120",
                "#SBATCH --cpus-per-task=2", "#SBATCH --time=4:00:00",
                "if [ $status -eq 75 ]; then scontrol requeue \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"; fi",
            ] { #expect(outcome.out.contains("\n\(line)\n"), "\(line)\n\(outcome.out)") }
            #expect(SweepDirectory.paths(below: program.directory.file("runs")).isEmpty)
            let none = try program.run("slurm", "tiny.lua", "--print")
            #expect(none.status == 2 && none.err.hasPrefix("rhoscript: tiny.lua declares no sweep"))
        }

        @Test func halvingIsNoArray() throws {
            try program.write(
                "asha.lua",
                """
                local rho = require "rho"
                return require("tiny"):over(rho.sweep.asha {
                  space = rho.sweep.grid { keep = { 0.4, 0.8 } }, arm = "slm", metric = "eval/clean/loss", rungs = { 4e3 } })
                """)
            let outcome = try program.run("slurm", "asha.lua")
            #expect(outcome.status == 1)
            #expect(outcome.err.hasPrefix("rhoscript: successive halving decides as it goes"))
        }

        /// One task is told to stop in the middle, as before a time limit: it is queued again and goes on; then the report.
        @Test func aRealArrayWithAStopInTheMiddle() throws {
            let place = program.directory.file("slurm")
            let started = try? program.shell("\(Self.cluster) start \(place) 2>&1", seconds: 60)
            guard started != nil else {
                let reason = (try? program.read(".out")) ?? ""
                return print("SKIPPED: the Slurm test: \(reason.split(separator: "\n").last ?? "no cluster")")
            }
            defer { _ = try? program.shell("\(Self.cluster) stop \(place)") }
            program.export("SLURM_CONF", "\(place)/slurm.conf")
            let submitted = try program.run("slurm", "tiny.lua", "tokens=32e3", "--sweep", "keep={0.4, 0.8}")
            #expect(submitted.status == 0, "\(submitted.err)")
            #expect(submitted.out.contains("submitted 2 tasks as job 1; job 2 writes the table"), "\(submitted.out)")
            let sweep = try SweepDirectory(
                path: try #require(SweepDirectory.paths(below: program.directory.file("runs")).first))
            try wait("the first cell trains") { Files.exists(sweep.cellPath(0) + "/slm/metrics.jsonl") }
            try program.shell("scancel --signal=USR1 --batch 1_0")
            try wait("the report is written") { Files.exists(sweep.path + "/table.md") }
            #expect(sweep.states == [.done, .done])
            let log = try Files.readText("\(sweep.path)/slurm/1_0.out")
            #expect(log.contains("stopped by SIGUSR1; checkpoint in "), "\(log)")
            #expect(try Files.readText(sweep.path + "/table.md").contains("| slm |"))
            let whole = try program.run("tiny.lua", "tokens=32e3", "keep=0.4", "--out", "whole", "--no-cache")
            #expect(whole.status == 0)
            #expect(
                try TinyExperiment.content(sweep.cellPath(0)) == TinyExperiment.content(program.directory.file("whole"))
            )
        }

        private func wait(_ what: String, seconds: Double = 60, until isTrue: () -> Bool) throws {
            let deadline = Clock.monotonicSeconds() + seconds
            while !isTrue() {
                guard Clock.monotonicSeconds() < deadline else { throw RhoError(.io, "waited in vain: \(what)") }
                usleep(50_000)
            }
        }
    }
}
