import ArgumentParser
import RhoCheckpoint
import RhoCore
import RhoKernels
import RhoModels
import RhoTensor

/// Speed of generation against what memory bandwidth allows.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Tokens per second of one sequence, and of several, against the reading of the weights.",
        discussion: """
            Each new token reads every multiplied weight once, and keys and values of what came before. The bound is those \
            bytes at the bandwidth that sums over a block of the weights' size reach, taken in turn with the generation; \
            ratios are of neighbours.
            """)

    @Argument(help: "nano, micro, mini or smol, with random weights.")
    var shape: BenchShape = .smol

    @Option(help: "A model directory or .gguf file instead of a shape.")
    var model: String?

    @Option(help: "Keep matrices as f32, bf16 or f16.")
    var keep: KeptAs = .f32

    enum KeptAs: String, ExpressibleByArgument, CaseIterable { case f32, bf16, f16 }

    @Option(help: "Tokens of the prompt.")
    var prompt = 32

    @Option(help: "Tokens to add.")
    var tokens = 64

    @Option(help: "Sequences at a time.")
    var batch = 1

    @Option(help: "Measurements.")
    var runs = 5

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let format = StorageFormat(rawValue: keep.rawValue) ?? .f32
        let model =
            try self.model.map { try PretrainedModel.load($0, as: format).model }
            ?? ModelCatalog.make(shape.config(), seed: 0).kept(as: format)
        let config = model.config
        var random = RandomStream(seed: 0, name: "bench")
        let prompts = (0..<batch).map { _ in (0..<prompt).map { _ in Int32(random.below(config.vocab)) } }
        let weights = config.storage.width * config.multipliedParameterCount
        let bytes = weights + batch * config.cacheBytes(tokens: prompt + tokens / 2)
        let reading = try ReadBandwidth(bytes: weights)
        var steps: [Double] = [], bandwidths: [Double] = []
        // In turn, so that what else the machine does meets both.
        for run in 0...runs {
            let step = try secondsPerStep(model, prompts)
            let bandwidth = reading.measure()
            guard run > 0 else { continue }
            steps.append(step)
            bandwidths.append(bandwidth)
        }
        let perStep = Timings(steps), ratios = Timings(zip(steps, bandwidths).map { $0 * $1 / Double(bytes) })
        let bandwidth = Timings(bandwidths).median
        let result: JSONObject = [
            "model": .string(self.model ?? shape.rawValue), "keep": .string(keep.rawValue), "batch": JSON(batch),
            "prompt": JSON(prompt), "tokens": JSON(tokens), "threads": JSON(Parallel.threadCount), "runs": JSON(runs),
            "weight_bytes": JSON(weights), "cache_bytes": JSON(bytes - weights),
            "ms_per_token": JSON(perStep.median * 1e3), "tokens_per_second": JSON(Double(batch) / perStep.median),
            "gb_per_second": JSON(bandwidth / 1e9), "bound_ms": JSON(Double(bytes) / bandwidth * 1e3),
            "ratio": JSON(ratios.median), "lowest_ratio": JSON(ratios.minimum), "highest_ratio": JSON(ratios.maximum),
        ]
        if common.json {
            print(JSON.object(result).serialized())
        } else {
            for (key, value) in result.pairs { print("\(key): \(value.serialized())") }
        }
    }

    /// Seconds from one new token of the last sequence to the next, the median.
    private func secondsPerStep(_ model: any LanguageModel, _ prompts: [[Int32]]) throws -> Double {
        var last: Double?
        var steps: [Double] = []
        _ = try model.generate(prompts, GenerationOptions(maxNewTokens: tokens)) { row, _ in
            guard row == batch - 1 else { return true }
            let now = Clock.monotonicSeconds()
            if let last { steps.append(now - last) }
            last = now
            return true
        }
        return steps.isEmpty ? .nan : Timings(steps).median
    }
}

/// Bytes per second that all threads read from a block.
private struct ReadBandwidth {
    private let block: Buffer

    init(bytes: Int) throws { block = try Tensor.ones([max(1 << 24, bytes / 4)]).buffer }

    /// The median of nine sums over the block.
    func measure() -> Double {
        var total = 0.0
        let timings = Timings(warmup: 0, runs: 9) { total += block.backend.sumOfSquares(block) }
        return total > 0 ? Double(4 * block.count) / timings.median : .nan
    }
}
