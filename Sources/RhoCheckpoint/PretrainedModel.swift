import RhoCore
import RhoModels
import RhoTensor
import RhoText

/// A model from disk with what belongs to it.
public struct PretrainedModel {
    public let model: any LanguageModel
    /// Nil where the directory or file carries none.
    public let tokenizer: (any Tokenizer)?
    /// Chat template, generation settings and the like, kept for saving.
    public let companions: HFCompanions

    /// Loads a Hugging Face directory, a `.gguf` file, or a directory with one `.gguf` file in it.
    /// Matrices are kept in memory as `format`.
    /// Errors: `.io`, `.format`, `.unsupported`, `.checkpoint`, each naming the file and what is wrong with it.
    public static func load(
        _ path: String, as format: StorageFormat = .f32
    ) throws(RhoError) -> PretrainedModel {
        guard let gguf = try ggufPath(path) else {
            let loaded = try HFCheckpoint.load(path, as: format)
            return PretrainedModel(
                model: loaded.model, tokenizer: loaded.tokenizer, companions: try HFCompanions(directory: path))
        }
        let file = try GGUF(path: gguf)
        return PretrainedModel(
            model: try GGUFModel.load(file, as: format),
            tokenizer: GGUFTokenizer.isPresent(file) ? try GGUFTokenizer.load(file) : nil,
            companions: HFCompanions(file))
    }

    /// The GGUF file that `path` stands for; nil for a directory of Hugging Face's.
    private static func ggufPath(_ path: String) throws(RhoError) -> String? {
        if !Files.isDirectory(path) { return Files.exists(path) || path.hasSuffix(".gguf") ? path : nil }
        guard !Files.exists("\(path)/config.json") else { return nil }
        let files = try Files.list(path).filter { $0.hasSuffix(".gguf") }
        guard files.count < 2 else {
            throw RhoError(
                .usage, "\(path) holds \(files.count) GGUF files: \(files.joined(separator: ", "))",
                hint: "name one of them")
        }
        return files.first.map { "\(path)/\($0)" }
    }
}
