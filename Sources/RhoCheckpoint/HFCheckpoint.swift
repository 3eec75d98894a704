import RhoCore
import RhoModels
import RhoText

/// A model directory as Hugging Face tools write and read it: config.json, model.safetensors (or shards with an index),
/// generation_config.json, tokenizer.json and tokenizer_config.json.
public enum HFCheckpoint {
    /// Files above this many bytes of weights are split, as transformers does.
    public static let shardBytes = 5_000_000_000

    /// Writes `model`, and `tokenizer` if given, to the directory `path`, which appears whole or not at all. LoRA adapters
    /// are merged into the matrices they adapt.
    /// `type` is the number format of the weights; `companions` replace the settings files that are written for
    /// a new model. Errors: `.io`.
    public static func save(
        _ model: any LanguageModel, tokenizer: (any Tokenizer)?, to path: String, type: ElementType = .f32,
        shardBytes: Int = HFCheckpoint.shardBytes, companions: HFCompanions = .none
    ) throws(RhoError) {
        try Files.makeDirectory(Files.parent(of: path))
        let directory = try AtomicDirectory(path: path)
        try write(
            model.merged(), tokenizer: tokenizer, into: directory.temporaryPath, type: type, shardBytes: shardBytes)
        try companions.write(into: directory.temporaryPath)
        try directory.commit()
    }

    /// Writes the files into a directory that exists.
    static func write(
        _ model: any LanguageModel, tokenizer: (any Tokenizer)?, into directory: String, type: ElementType,
        shardBytes: Int
    ) throws(RhoError) {
        var config = model.config
        if config.eosToken.isEmpty, let end = tokenizer?.endOfText { config.eosToken = [Int(end)] }
        if config.bosToken == nil, let begin = tokenizer?.beginOfText { config.bosToken = Int(begin) }
        try writeWeights(model, into: directory, type: type, shardBytes: shardBytes)
        try Files.writeAtomically("\(directory)/config.json", configJSON(config, type).serialized(pretty: true) + "\n")
        try Files.writeAtomically(
            "\(directory)/generation_config.json", generationJSON(config).serialized(pretty: true) + "\n")
        if let tokenizer { try writeTokenizer(tokenizer, config, into: directory) }
    }

    private static func writeWeights(
        _ model: any LanguageModel, into directory: String, type: ElementType, shardBytes: Int
    ) throws(RhoError) {
        let tensors = model.weights.map { weight in
            SafetensorsTensor(
                weight.name, shape: weight.shape, type: type, values: { () throws(RhoError) in weight.values() })
        }
        let shards = split(tensors, limit: shardBytes)
        if shards.count == 1 {
            try Safetensors.write("\(directory)/\(WeightFiles.singleName)", tensors: tensors)
            return
        }
        var map: [(String, JSON)] = []
        for (index, shard) in shards.enumerated() {
            let name = "model-\(padded(index + 1))-of-\(padded(shards.count)).safetensors"
            try Safetensors.write("\(directory)/\(name)", tensors: shard)
            map += shard.map { ($0.name, .string(name)) }
        }
        map.sort { $0.0 < $1.0 }
        let total = tensors.reduce(0) { $0 + $1.byteCount }
        let index: JSON = [
            "metadata": ["total_size": JSON(total)], "weight_map": .object(JSONObject(map)),
        ]
        try Files.writeAtomically("\(directory)/\(WeightFiles.indexName)", index.serialized(pretty: true) + "\n")
    }

    /// Consecutive groups of at most `limit` bytes; a tensor larger than that stands alone.
    private static func split(_ tensors: [SafetensorsTensor], limit: Int) -> [[SafetensorsTensor]] {
        var groups: [[SafetensorsTensor]] = [[]]
        var size = 0
        for tensor in tensors {
            if size > 0, size + tensor.byteCount > limit {
                groups.append([])
                size = 0
            }
            groups[groups.count - 1].append(tensor)
            size += tensor.byteCount
        }
        return groups
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    private static func configJSON(_ config: ModelConfig, _ type: ElementType) -> JSON {
        guard var object = config.toHF().objectValue else { return config.toHF() }
        object["torch_dtype"] = .string(type == .bf16 ? "bfloat16" : type == .f16 ? "float16" : "float32")
        return .object(object)
    }

    private static func generationJSON(_ config: ModelConfig) -> JSON {
        var object: JSONObject = ["_from_model_config": true]
        if let begin = config.bosToken { object["bos_token_id"] = JSON(begin) }
        if let end = config.eosToken.first {
            object["eos_token_id"] = config.eosToken.count == 1 ? JSON(end) : .array(config.eosToken.map { JSON($0) })
            object["pad_token_id"] = JSON(end)
        }
        return .object(object)
    }

    private static func writeTokenizer(
        _ tokenizer: any Tokenizer, _ model: ModelConfig, into directory: String
    ) throws(RhoError) {
        try Files.writeAtomically("\(directory)/tokenizer.json", tokenizer.tokenizerJSON())
        var config: JSONObject = [
            "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": JSON(model.context),
            "clean_up_tokenization_spaces": false,
        ]
        if let end = model.eosToken.first {
            let text = JSON.string(tokenizer.decodeString([Int32(clamping: end)]))
            config["eos_token"] = text
            config["pad_token"] = text
        }
        if let begin = model.bosToken {
            config["bos_token"] = .string(tokenizer.decodeString([Int32(clamping: begin)]))
        }
        try Files.writeAtomically(
            "\(directory)/tokenizer_config.json", JSON.object(config).serialized(pretty: true) + "\n")
    }
}
