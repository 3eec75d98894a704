import Glibc
import LuaRuntime
import RhoCore
import RhoModels
import RhoTraining

/// What evaluations return under `rhoscript check`: the shape of the real result with the numbers of a model that knows
/// nothing.
enum DryEvaluation {
    private static let zero: Double = 0

    /// Loss of the uniform distribution over the vocabulary, nats.
    static func uniformLoss(_ config: ModelConfig) -> Double { log(Double(config.vocab)) }

    /// Bits per byte where a token takes some three bytes.
    static func uniformBitsPerByte(_ config: ModelConfig) -> Double { uniformLoss(config) / log(2) / 3 }

    static func heldOut(_ model: ModelBox, on corpus: CorpusBox, store: StoreSession) throws -> LuaValue {
        let sample = try CorpusSample(corpus, store: store)
        let tokens = try sample.tokens(model.needTokenizer())
        let loss = uniformLoss(model.config)
        return .record([
            ("loss", .number(loss)), ("stderr", .number(zero)),
            ("bits_per_byte", .number(uniformBitsPerByte(model.config))),
            ("perplexity", .number(Double(model.config.vocab))), ("tokens", .integer(tokens)),
            ("bytes", .integer(sample.bytes)), ("flops", .number(zero)), ("version", .integer(HeldOut.version)),
        ])
    }

    /// No right answer among `count`.
    static func share(of count: Int) -> LuaValue {
        .record([
            ("accuracy", .number(zero)), ("stderr", .number(zero)), ("correct", .integer(0)), ("n", .integer(count)),
            ("truncated", .integer(0)), ("items", .list([LuaValue]())), ("flops", .number(zero)),
            ("version", .integer(ExactMatch.version)),
        ])
    }
}
