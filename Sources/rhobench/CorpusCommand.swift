import ArgumentParser
import RhoBindings
import RhoCore
import RhoKernels

/// A generated corpus of any size through the whole way: tokenised, read, scored in part, trained on; with the memory
/// that each part takes, which must not depend on the size.
struct CorpusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "corpus", abstract: "Tokenise, read, score and train on a generated corpus of so many gigabytes.")

    @Option(help: "Size of the corpus, in 10^9 bytes of JSON rows.")
    var gigabytes = 0.5

    @Option(help: "Where to put the corpus and the stored tokens, about 1.6 times its size; removed afterwards.")
    var directory: String?

    @Option(help: "The script that goes the way.")
    var script = "docs/benchmarks/corpus.lua"

    @OptionGroup var common: CommonOptions

    func run() throws {
        guard gigabytes > 0 else { throw ValidationError("--gigabytes must be greater than 0, got \(gigabytes)") }
        let work = try WorkDirectory(in: directory)
        let (corpus, result) = (work.file("corpus.jsonl"), work.file("result.json"))
        var writer = CorpusWriter(seed: 1)
        let start = Clock.monotonicSeconds()
        let rows = try writer.write(to: corpus, bytes: Int(gigabytes * 1e9))
        let generating = Clock.monotonicSeconds() - start

        var options = HostOptions()
        options.threads = common.threads
        options.cacheDirectory = work.file("cache")
        options.progress = "none"
        options.script = script
        let request = RunRequest(
            file: script, assignments: ["corpus=\(corpus)", "result=\(result)"], out: work.file("run"), json: true,
            quiet: true, progress: "none")
        let outcome = Host.runExperiment(options, request)
        guard outcome.status == 0 else { throw RhoError(.internal, outcome.message) }

        let parts = try JSON.parse(Files.read(result))
        let size = Double(try Files.size(corpus))
        if common.json {
            let document: JSON = [
                "gigabytes": JSON(size / 1e9), "rows": JSON(rows), "generate_seconds": JSON(generating),
                "threads": JSON(Parallel.threadCount), "processor": JSON(Processor.description), "parts": parts,
            ]
            print(document.serialized())
        } else {
            print("\(Rates.short(size / 1e9)) GB, \(rows) rows, generated in \(Rates.short(generating)) s")
            let cells = (parts.arrayValue ?? []).map { part -> [String] in
                func number(_ key: String) -> String { part[key]?.doubleValue.map(Rates.short) ?? "" }
                return [
                    part["part"]?.stringValue ?? "", number("seconds"), number("rate"), part["unit"]?.stringValue ?? "",
                    number("peak_mib"), number("file_mib"),
                ]
            }
            print(markdown(["", "s", "rate", "", "peak RSS, MiB", "of files after it, MiB"], cells))
        }
    }
}
