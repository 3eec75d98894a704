import RhoCore

extension ModelConfig {
    /// The `config.json` that transformers builds the same model from. Keys have a fixed order.
    /// Rotary constants are written in both spellings: `rope_theta` / `rope_scaling` and `rope_parameters`.
    public func toHF() -> JSON {
        var keys: [(String, JSON)] = [
            ("architectures", .array([.string(family.architecture)])),
            ("model_type", .string(family.rawValue)),
            ("vocab_size", JSON(vocab)),
        ]
        switch family {
        case .gpt2: keys += gpt2Keys
        case .gptNeoX: keys += gptNeoXKeys
        default: keys += llamaKeys
        }
        keys += [
            ("initializer_range", JSON(initStd)),
            ("tie_word_embeddings", JSON(tied)),
            ("bos_token_id", bosToken.map { JSON($0) } ?? .null),
            (
                "eos_token_id",
                eosToken.count > 1 ? .array(eosToken.map { JSON($0) }) : eosToken.first.map { JSON($0) } ?? .null
            ),
            ("torch_dtype", "float32"),
            ("use_cache", true),
        ]
        if let lora {
            keys.append(
                (
                    "rhoscript_lora",
                    [
                        "rank": JSON(lora.rank), "alpha": JSON(lora.alpha),
                        "targets": .array(lora.targets.map { JSON($0) }),
                    ]
                ))
        }
        return .object(JSONObject(keys))
    }

    private var llamaKeys: [(String, JSON)] {
        var keys: [(String, JSON)] = [
            ("hidden_size", JSON(dim)),
            ("num_hidden_layers", JSON(layers)),
            ("num_attention_heads", JSON(heads)),
            ("num_key_value_heads", JSON(kvHeads)),
            ("head_dim", JSON(headWidth)),
            ("intermediate_size", JSON(ffWidth)),
            ("hidden_act", "silu"),
            ("max_position_embeddings", JSON(context)),
            ("rms_norm_eps", JSON(normEps)),
            ("attention_dropout", 0.0),
        ]
        switch family {
        case .llama: keys += [("attention_bias", false), ("mlp_bias", false)]
        case .mistral: keys += [("sliding_window", window.map { JSON($0) } ?? .null)]
        case .qwen2: keys += [("use_sliding_window", false)]
        case .qwen3: keys += [("attention_bias", false), ("use_sliding_window", false)]
        default: break
        }
        return keys + rotaryKeys
    }

    private var gpt2Keys: [(String, JSON)] {
        [
            ("n_embd", JSON(dim)), ("n_layer", JSON(layers)), ("n_head", JSON(heads)),
            ("n_inner", ffWidth == 4 * dim ? .null : JSON(ffWidth)), ("n_positions", JSON(context)),
            ("activation_function", exactGELU ? "gelu" : "gelu_new"), ("layer_norm_epsilon", JSON(normEps)),
            ("resid_pdrop", JSON(dropout)), ("embd_pdrop", JSON(dropout)), ("attn_pdrop", 0.0),
            ("scale_attn_weights", true),
        ]
    }

    private var gptNeoXKeys: [(String, JSON)] {
        [
            ("hidden_size", JSON(dim)), ("num_hidden_layers", JSON(layers)), ("num_attention_heads", JSON(heads)),
            ("intermediate_size", JSON(ffWidth)), ("hidden_act", exactGELU ? "gelu" : "gelu_new"),
            ("max_position_embeddings", JSON(context)), ("layer_norm_eps", JSON(normEps)),
            ("use_parallel_residual", JSON(parallelResidual)), ("hidden_dropout", JSON(dropout)),
            ("attention_dropout", 0.0), ("attention_bias", true), ("rotary_pct", JSON(rotaryShare)),
            ("rotary_emb_base", JSON(ropeTheta)),
        ] + rotaryKeys
    }

    private var rotaryKeys: [(String, JSON)] {
        var scaling: [(String, JSON)] = []
        switch ropeScaling {
        case .none: break
        case .linear(let factor): scaling = [("rope_type", "linear"), ("factor", JSON(factor))]
        case .llama3(let factor, let low, let high, let original):
            scaling = [
                ("rope_type", "llama3"), ("factor", JSON(factor)), ("low_freq_factor", JSON(low)),
                ("high_freq_factor", JSON(high)), ("original_max_position_embeddings", JSON(original)),
            ]
        }
        var parameters = scaling.isEmpty ? [("rope_type", JSON("default"))] : scaling
        parameters.append(("rope_theta", JSON(ropeTheta)))
        if rotaryShare != 1 { parameters.append(("partial_rotary_factor", JSON(rotaryShare))) }
        return [
            ("rope_theta", JSON(ropeTheta)),
            ("rope_scaling", scaling.isEmpty ? .null : .object(JSONObject(scaling))),
            ("rope_parameters", .object(JSONObject(parameters))),
        ]
    }
}
