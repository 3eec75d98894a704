import Glibc
import RhoCheckpoint
import RhoCore
import RhoModels
import RhoText

/// A model small enough to be written and read thousands of times a second.
enum TinyModel {
    static func make(_ family: ModelFamily = .llama, seed: UInt64 = 1) throws(RhoError) -> any LanguageModel {
        let config = try ModelConfig(family: family, vocab: 257, dim: 8, layers: 1, heads: 2, context: 8)
        return try ModelCatalog.make(config, seed: seed)
    }
}

/// A safetensors file: header checks, and every tensor read.
final class SafetensorsTarget: FuzzTarget {
    private let path: String
    private let seeds: [[UInt8]]

    init(folder: String) throws {
        path = "\(folder)/x.safetensors"
        let types: [ElementType] = [.f32, .f16, .bf16]
        try Safetensors.write(
            path,
            tensors: types.enumerated().map { index, type in
                SafetensorsTensor("t\(index)", shape: [2, 3], type: type, [1, 2, 3, 4, 5, 6])
            }, metadata: [("format", "pt")])
        let small = try Files.read(path)
        try Safetensors.write(path, tensors: [], metadata: [])
        seeds = [small, try Files.read(path)]
    }

    func input(_ random: inout FuzzRandom) -> [UInt8] {
        var bytes = seeds[random.chance(8) ? 1 : 0]
        guard !random.chance(3) else {
            Mutation.damage(&bytes, &random)
            return bytes
        }
        // The header as JSON, its length put right.
        let length = Int(bytes[0]) | Int(bytes[1]) << 8
        guard let header = try? JSON.parse(Array(bytes[8..<8 + length])) else { return bytes }
        let text = Array(Mutation.damage(header, &random).serialized().utf8)
        let count = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) } + text + bytes[(8 + length)...]
    }

    func run(_ bytes: [UInt8]) throws {
        try Files.writeScratch(path, bytes)
        let file = try Safetensors(path: path)
        for entry in file.entries where entry.type.isReadable { _ = try file.floats(entry.name, shape: entry.shape) }
    }
}

/// A GGUF file: header, configuration, tokenizer, weights.
final class GGUFTarget: FuzzTarget {
    private let path: String
    private let seeds: [[UInt8]]

    init(folder: String) throws {
        path = "\(folder)/x.gguf"
        let tokenizer = try BPETokenizer.train(documents: [Array("the cat sat on the mat".utf8)], vocabularySize: 260)
        var seeds: [[UInt8]] = []
        for (family, format) in [(ModelFamily.llama, GGUFModel.Format.f32), (.qwen2, .q8), (.llama, .f16)] {
            let config = try ModelConfig(
                family: family, vocab: tokenizer.vocabularySize, dim: 32, layers: 1, heads: 2, context: 8)
            let model = try ModelCatalog.make(config, seed: 1)
            try GGUFModel.save(model, tokenizer: tokenizer, to: path, format: format)
            seeds.append(try Files.read(path))
        }
        self.seeds = seeds
    }

    func input(_ random: inout FuzzRandom) -> [UInt8] {
        var bytes = random.pick(seeds)
        // Most of the file is weights, and every number is a weight.
        if random.chance(2) {
            let at = random.below(min(bytes.count, 8192))
            for i in at..<min(bytes.count, at + 1 + random.below(8)) { bytes[i] = random.byte() }
        } else {
            Mutation.damage(&bytes, &random, other: random.pick(seeds))
        }
        return bytes
    }

    func run(_ bytes: [UInt8]) throws {
        try Files.writeScratch(path, bytes)
        let file = try GGUF(path: path)
        var refusal: RhoError?
        do throws(RhoError) { _ = try GGUFModel.load(file) } catch { refusal = error }
        if GGUFTokenizer.isPresent(file) {
            let tokenizer = try GGUFTokenizer.load(file)
            _ = tokenizer.decode(tokenizer.encode("the cat <|endoftext|> \u{FFFD}1"))
        }
        if let refusal { throw refusal }
    }
}

extension Files {
    /// Writes in place and without a flush: these files are read once, by this process.
    static func writeScratch(_ path: String, _ bytes: [UInt8]) throws(RhoError) {
        let descriptor = try open(path, O_WRONLY | O_CREAT | O_TRUNC, doing: "write")
        defer { close(descriptor) }
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count else { throw failure("write", path) }
    }
}
