import ArgumentParser
import RhoCore
import RhoKernels

/// Each kernel alone at one shape, with its share of the sgemm peak.
struct KernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels", abstract: "Each kernel of a step alone, with its share of the machine's peak.")

    @Argument(help: "nano, micro, mini or smol.")
    var shape: BenchShape = .micro

    @Option(help: "Measured runs of each kernel.")
    var runs = 10

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let peak = Yardstick(samples: 20).gflops
        let rows = try KernelBench(shape: shape).rows(runs: runs)
        if common.json {
            let list = rows.map { row in JSON.object(row.json(peak: peak)) }
            print(JSON.object(["sgemm_peak_gflops": .number(peak), "kernels": .array(list)]).serialized())
            return
        }
        print("\(Processor.description), \(Parallel.threadCount) threads, sgemm peak \(Int(peak)) GFLOP/s")
        for row in rows { print(row.line(peak: peak)) }
    }
}
