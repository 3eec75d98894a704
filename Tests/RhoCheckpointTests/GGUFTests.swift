import RhoCheckpoint
import RhoCore
import RhoModels
import RhoTensor
import RhoTestSupport
import Testing

@Suite struct GGUFTests {
    private func golden(_ name: String) -> String { "\(Golden.directory("gguf"))/\(name)" }

    @Test(arguments: GGUFType.allCases)
    func dequantisesLikeTheReference(type: GGUFType) throws {
        let file = try GGUF(path: golden("quants.gguf"))
        let expected = try Safetensors(path: golden("quants.safetensors"))
        let name = "\(type)".uppercased()
        #expect(file.entry(name)?.type == type)
        #expect(try file.floats(name, shape: [2, 256]) == expected.floats(name, shape: [2, 256]))
    }

    @Test func aLlamaFileGivesTheModelItWasMadeFrom() throws {
        let golden = try Golden("llama_tied")
        let model = try GGUFModel.load(self.golden("llama.gguf"))
        let original = try HFCheckpoint.loadModel(golden.directory)
        #expect(model.config == original.config)
        for (a, b) in zip(model.weights, original.weights) { #expect(a.values() == b.values(), "\(a.name)") }
        let losses = try model.loss(golden.grid, targets: golden.targets).toArray()
        #expect(relativeDistance(losses, golden.tokenLosses) < 1e-5)
    }

    @Test func refusesFilesThatLie() throws {
        let directory = try TemporaryDirectory()
        let whole = try Files.read(golden("quants.gguf"))
        func sentence(_ change: (inout [UInt8]) -> Void) throws -> String {
            var bytes = whole
            change(&bytes)
            let path = try directory.write("x.gguf", bytes)
            do {
                _ = try GGUF(path: path)
                return "accepted"
            } catch { return error.message.replacingPrefix(path + ": ", with: "") }
        }
        #expect(try sentence { _ in } == "accepted")
        #expect(
            try sentence { $0[0] = 0 } == "not a GGUF file: it does not start with 'GGUF' and a header of 24 bytes")
        #expect(try sentence { $0 = [] }.hasPrefix("not a GGUF file: "))
        #expect(try sentence { $0[4] = 9 } == "GGUF version 9 is not supported; supported: 2, 3 (little-endian)")
        #expect(
            try sentence { $0[15] = 255 }
                == "the header claims 18374686479671623691 tensors, more than the file can hold")
        #expect(try sentence { $0.removeLast(1000) }.hasPrefix("truncated: tensor '"))
        #expect(try sentence { $0.removeSubrange(60...) }.hasPrefix("t"))
        // The first key's length.
        #expect(
            try sentence { for byte in 24..<32 { $0[byte] = 255 } }
                == "the header claims 18446744073709551615 bytes of text, more than the file can hold")
    }

    @Test func noDamagedHeaderIsTrusted() throws {
        let directory = try TemporaryDirectory()
        let whole = try Files.read(golden("quants.gguf"))
        var stream = RandomStream(seed: 1, name: "damage")
        for round in 0..<80 {
            var bytes = whole
            for _ in 0...round % 3 { bytes[stream.below(900)] = UInt8(truncatingIfNeeded: stream.next()) }
            let path = directory.file("x.gguf")
            try bytes.withUnsafeBytes { try Files.writeAtomically(path, $0) }
            // Either a sentence, or a file whose every tensor can be read.
            guard let file = try? GGUF(path: path) else { continue }
            for entry in file.entries { #expect(try file.floats(entry.name, shape: entry.shape).count == entry.count) }
        }
    }

    @Test func refusesOtherArchitectures() throws {
        let directory = try TemporaryDirectory()
        var bytes = try Files.read(golden("llama.gguf"))
        // general.architecture = "llama" is the first pair: change its value to one of the same length.
        let place = try #require(bytes.firstRange(of: Array("llama".utf8)))
        bytes.replaceSubrange(place, with: Array("mamba".utf8))
        let path = try directory.write("m.gguf", bytes)
        do {
            _ = try GGUFModel.load(path)
            Issue.record("loaded")
        } catch {
            #expect(error.code == .unsupported)
            #expect(
                error.message == "\(path): architecture 'mamba' is not supported; supported: llama, qwen2, qwen3, gpt2")
        }
    }
}
