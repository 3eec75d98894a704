import RhoCore
import RhoModels
import Testing

@Suite struct ModelConfigTests {
    private func sentence(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "accepted"
        } catch { return (error as? RhoError)?.message ?? "\(error)" }
    }

    @Test func refusesShapesThatDoNotFit() {
        func make(dim: Int = 32, layers: Int = 2, heads: Int = 4, kv: Int? = nil, width: Int? = nil, drop: Double = 0)
            -> String
        {
            sentence {
                _ = try ModelConfig(
                    family: .llama, vocab: 10, dim: dim, layers: layers, heads: heads, kvHeads: kv, headWidth: width,
                    context: 8, dropout: drop)
            }
        }
        #expect(make() == "accepted")
        #expect(make(dim: 100, heads: 3) == "dim must be divisible by heads, got dim 100 and heads 3")
        #expect(make(heads: 4, kv: 3) == "heads must be divisible by kv_heads, got heads 4 and kv_heads 3")
        #expect(make(layers: 0) == "layers must be at least 1, got 0")
        #expect(make(dim: 1 << 40) == "dim must be at most 268435456, got 1099511627776")
        #expect(
            make(dim: 1 << 26, layers: 1 << 28, heads: 1 << 12)
                == "a model of dim 67108864, 268435456 layers, ff 178956976 and vocab 10 is too large to build")
        #expect(make(dim: 12, heads: 4) == "heads that rotate must have an even width, got 3")
        #expect(make(width: 1 << 28) == "head_width must be at most 65536, got 268435456")
        #expect(make(drop: 1) == "dropout must be in [0, 1), got 1.0")
        #expect(
            sentence {
                _ = try ModelConfig(family: .gpt2, vocab: 10, dim: 8, layers: 1, heads: 2, kvHeads: 1, context: 4)
            }
                == "gpt2 has one kv head per head, got heads 2 and kv_heads 1")
    }

    @Test(arguments: ModelFamily.allCases)
    func roundTripsThroughHuggingFaceNames(family: ModelFamily) throws {
        var config = try ModelConfig(
            family: family, vocab: 100, dim: 32, layers: 3, heads: 4, kvHeads: family.isLlamaLike ? 2 : nil,
            ffWidth: 72, context: 64, tied: false)
        config.normEps = 3e-6
        config.bosToken = 1
        config.eosToken = [2, 5]
        if family != .gpt2 { config.ropeTheta = 1234 }
        if family == .llama { config.ropeScaling = .llama3(factor: 8, low: 1, high: 4, original: 32) }
        if family == .mistral { config.window = 16 }
        if family == .gptNeoX {
            config.rotaryShare = 0.25
            config.parallelResidual = false
            config.exactGELU = false
        }
        let text = config.toHF().serialized()
        #expect(try ModelConfig.fromHF(JSON.parse(text)) == config)
    }

    @Test func refusesWhatItCannotCompute() throws {
        func read(_ text: String) -> String { sentence { _ = try ModelConfig.fromHF(JSON.parse(text)) } }
        let llama =
            #""vocab_size":9,"hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":16"#
        #expect(
            read(#"{"model_type":"mamba"}"#)
                == "config.json: model_type 'mamba' is not supported; "
                + "supported: llama, mistral, qwen2, qwen3, gpt2, gpt_neox")
        #expect(read(#"{"model_type":"gpt3"}"#).contains("(did you mean 'gpt2'?)"))
        #expect(read("{}") == "config.json: 'model_type' is missing")
        #expect(read("[]") == "config.json: expected a JSON object")
        #expect(read(#"{"model_type":"llama"}"#) == "config.json: 'num_attention_heads' is missing")
        #expect(
            read(#"{"model_type":"llama","num_attention_heads":"2"}"#)
                == "config.json: 'num_attention_heads' must be an integer, got \"2\"")
        #expect(
            read(#"{"model_type":"llama","hidden_act":"relu",\#(llama)}"#)
                == "config.json: hidden_act 'relu' is not supported; supported: silu, swish")
        #expect(
            read(#"{"model_type":"llama","rope_scaling":{"type":"yarn","factor":2},\#(llama)}"#)
                == "config.json: rope_type 'yarn' is not supported; supported: default, linear, llama3")
        #expect(
            read(#"{"model_type":"llama","quantization_config":{},\#(llama)}"#)
                == "config.json: quantised weights (quantization_config) are not supported")
        #expect(
            read(#"{"model_type":"llama","attention_bias":true,\#(llama)}"#)
                == "config.json: attention_bias = true is not supported")
        #expect(
            read(#"{"model_type":"llama","num_key_value_heads":3,\#(llama)}"#)
                == "config.json: heads must be divisible by kv_heads, got heads 2 and kv_heads 3")
        #expect(read(#"{"model_type":"llama",\#(llama)}"#) == "accepted")
    }

    @Test func costsFollowTheFormulas() throws {
        // The peer script's configuration "micro": 6 N + 12 L D T / 2 per token.
        let config = try ModelConfig(
            family: .llama, vocab: 4096, dim: 256, layers: 6, heads: 8, ffWidth: 688, context: 256)
        let parameters = 4096 * 256 + 6 * (4 * 256 * 256 + 3 * 256 * 688 + 2 * 256) + 256
        #expect(config.parameterCount == parameters)
        let flops = 6.0 * Double(parameters) + 12 * 6 * 256 * 256 / 2
        #expect(config.trainingFLOPsPerToken(context: 256) == flops)
        #expect(config.forwardFLOPsPerToken(context: 256) == flops / 3)
        var untied = config
        untied.tied = false
        #expect(untied.parameterCount == parameters + 4096 * 256)
        #expect(untied.trainingFLOPsPerToken(context: 256) == flops)
        let memory = config.trainingMemory(tokens: 4096)
        #expect(memory.weights == 4 * parameters && memory.optimiser == 8 * parameters)
        #expect(memory.total == memory.weights * 4 + memory.activations)
        var windowed = config
        windowed.window = 256
        #expect(windowed.trainingFLOPsPerToken(context: 256) == flops)
        windowed.window = 64
        #expect(windowed.trainingFLOPsPerToken(context: 256) < flops)
    }

    @Test func llama3FrequenciesKeepTheFastAndSlowTheSlow() throws {
        var config = try ModelConfig(family: .llama, vocab: 9, dim: 128, layers: 1, heads: 2, context: 8192)
        config.ropeTheta = 500_000
        let plain = config.rotaryFrequencies
        config.ropeScaling = .llama3(factor: 8, low: 1, high: 4, original: 8192)
        let scaled = config.rotaryFrequencies
        #expect(scaled.first == plain.first)
        #expect(scaled.last.map { $0 * 8 } == plain.last)
        for (a, b) in zip(scaled, plain) { #expect(a <= b && a >= b / 8) }
    }
}
