import RhoCore
import RhoModels
import RhoTensor

/// A config.json: read, counted, and made into a model where it is small.
final class ConfigTarget: FuzzTarget {
    private let seeds: [JSON]

    init(folder: String) throws { seeds = try Self.texts.map { text throws(RhoError) in try JSON.parse(text) } }

    func input(_ random: inout FuzzRandom) -> [UInt8] {
        var bytes = Array(Mutation.damage(random.pick(seeds), &random).serialized().utf8)
        if random.chance(8) { Mutation.damage(&bytes, &random) }
        return bytes
    }

    func run(_ bytes: [UInt8]) throws {
        let config = try ModelConfig.fromHF(try JSON.parse(bytes))
        guard !config.describe().isEmpty else { throw Finding("a model without a description") }
        _ = config.trainingMemory(tokens: 1 << 20)
        _ = config.cacheBytes(tokens: config.context)
        let model = try ModelCatalog.blank(config)
        _ = try model.logits(TokenGrid(batch: 1, tokens: 2, ids: [0, Int32(clamping: config.vocab - 1)]))
    }

    private static let texts = [
        #"""
        {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":8,"intermediate_size":16,
         "num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,"head_dim":4,"vocab_size":16,
         "max_position_embeddings":16,"rms_norm_eps":1e-5,"rope_theta":10000.0,"hidden_act":"silu","bos_token_id":1,
         "eos_token_id":[2,3],"tie_word_embeddings":true,"attention_bias":false,"mlp_bias":false,"torch_dtype":"bfloat16",
         "rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
           "original_max_position_embeddings":8}}
        """#,
        #"""
        {"model_type":"gpt2","n_embd":8,"n_layer":1,"n_head":2,"n_positions":16,"n_ctx":16,"vocab_size":16,"n_inner":null,
         "activation_function":"gelu_new","layer_norm_epsilon":1e-5,"embd_pdrop":0.1,"attn_pdrop":0.1,"resid_pdrop":0.1}
        """#,
        #"""
        {"model_type":"mistral","hidden_size":8,"intermediate_size":16,"num_hidden_layers":1,"num_attention_heads":2,
         "num_key_value_heads":2,"vocab_size":16,"max_position_embeddings":16,"sliding_window":4,"rms_norm_eps":1e-5}
        """#,
        #"""
        {"model_type":"qwen2","hidden_size":8,"intermediate_size":16,"num_hidden_layers":1,"num_attention_heads":2,
         "num_key_value_heads":2,"vocab_size":16,"max_position_embeddings":16,"use_sliding_window":false,
         "max_window_layers":1,"rms_norm_eps":1e-6,"rope_theta":1000000.0}
        """#,
        #"""
        {"model_type":"qwen3","hidden_size":8,"intermediate_size":16,"num_hidden_layers":1,"num_attention_heads":2,
         "num_key_value_heads":1,"head_dim":4,"vocab_size":16,"max_position_embeddings":16,"rms_norm_eps":1e-6}
        """#,
        #"""
        {"model_type":"gpt_neox","hidden_size":8,"intermediate_size":32,"num_hidden_layers":1,"num_attention_heads":2,
         "vocab_size":16,"max_position_embeddings":16,"rotary_pct":0.25,"rotary_emb_base":10000,"layer_norm_eps":1e-5,
         "use_parallel_residual":true,"hidden_act":"gelu"}
        """#,
    ]
}
