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
            bytes at the bandwidth that sums over a block of the weights' size reach in the same run.
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
        var starts: [Double] = []
        let timings = try Timings(warmup: 1, runs: 3) {
            var first = 0.0, last = 0.0, count = 0
            _ = try model.generate(prompts, GenerationOptions(maxNewTokens: tokens)) { row, _ in
                guard row == batch - 1 else { return true }
                last = Clock.monotonicSeconds()
                if count == 0 { first = last }
                count += 1
                return true
            }
            starts.append((last - first) / Double(max(1, count - 1)))
        }
        let perStep = starts.sorted()[starts.count / 2]
        let weights = config.storage.width * config.multipliedParameterCount
        let cache = batch * config.cacheBytes(tokens: prompt + tokens / 2)
        let bandwidth = try Machine.readBandwidth(bytes: weights)
        let bound = Double(weights + cache) / bandwidth
        let result: JSONObject = [
            "model": .string(self.model ?? shape.rawValue), "keep": .string(keep.rawValue), "batch": JSON(batch),
            "prompt": JSON(prompt),
            "tokens": JSON(tokens), "ms_per_token": JSON(perStep * 1e3),
            "tokens_per_second": JSON(Double(batch) / perStep), "weight_bytes": JSON(weights),
            "cache_bytes": JSON(cache),
            "gb_per_second": JSON(bandwidth / 1e9), "bound_ms": JSON(bound * 1e3), "ratio": JSON(perStep / bound),
            "whole_seconds": JSON(timings.median), "threads": JSON(Parallel.threadCount),
        ]
        if common.json {
            print(JSON.object(result).serialized())
        } else {
            for (key, value) in result.pairs { print("\(key): \(value.serialized())") }
        }
    }
}

extension Machine {
    /// Bytes per second that all threads read from a block of about `bytes`, best of `runs`.
    static func readBandwidth(bytes: Int, runs: Int = 5) throws -> Double {
        let block = try Tensor.ones([max(1 << 24, bytes / 4)]).buffer
        var total = 0.0
        let timings = Timings(warmup: 1, runs: runs) { total += block.backend.sumOfSquares(block) }
        guard total > 0 else { return .nan }
        return Double(4 * block.count) / timings.minimum
    }
}
