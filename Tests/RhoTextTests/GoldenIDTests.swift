import RhoCore
import RhoText
import Testing

/// Ids of mixed text against the Python package `tokenizers`.
@Suite struct GoldenIDTests {
    @Test(arguments: Goldens.names) func plainText(_ name: String) throws {
        let tokenizer = try Goldens.tokenizer(name)
        let golden = try Goldens.json(name + ".ids.json")
        let unknown = tokenizer.id(of: "<unk>") ?? tokenizer.id(of: "[UNK]")
        for (index, text) in try Goldens.samples().enumerated() {
            // The package lets a unigram model read "<s>" in a text as the special token; here no text can do that.
            let expected = Goldens.ids(golden["plain"]?[index])
            if expected?.contains(where: { tokenizer.isSpecial($0) && $0 != unknown }) == true { continue }
            #expect(tokenizer.encode(text) == expected, "sample \(index) \(text.debugDescription)")
        }
    }

    @Test(arguments: Goldens.names) func specialTokens(_ name: String) throws {
        let tokenizer = try Goldens.tokenizer(name)
        let golden = try Goldens.json(name + ".ids.json")
        for (index, text) in try Goldens.samples().enumerated() {
            let expected = Goldens.ids(golden["parsed"]?[index]) ?? Goldens.ids(golden["plain"]?[index])
            #expect(tokenizer.encodeParsingSpecials(text) == expected, "sample \(index) \(text.debugDescription)")
        }
        #expect(tokenizer.addingSpecials(tokenizer.encode("x")) == Goldens.ids(golden["around"]))
    }

    @Test(arguments: Goldens.names) func decoding(_ name: String) throws {
        let tokenizer = try Goldens.tokenizer(name)
        let golden = try Goldens.json(name + ".ids.json")
        // The package joins tokens by spaces where a file names no decoder; here their texts follow one another. Its
        // Metaspace decoder takes all leading marks away, ours the one that encoding added.
        if ["bpe_unknown", "unigram"].contains(name) { return }
        for (index, text) in try Goldens.samples().enumerated() {
            let ids = Goldens.ids(golden["plain"]?[index]) ?? []
            let expected = golden["decoded"]?[index]?.stringValue ?? text
            let decoded = tokenizer.decodeString(ids)
            #expect(
                Array(decoded.utf8) == Array(expected.utf8),
                "sample \(index) \(text.debugDescription): \(decoded.debugDescription)")
        }
    }

    @Test(arguments: Goldens.names) func savedFileGivesTheSameIDs(_ name: String) throws {
        let tokenizer = try Goldens.tokenizer(name)
        let again = try TokenizerCatalog.load(tokenizerJSON: tokenizer.tokenizerJSON())
        #expect(again.fingerprint == tokenizer.fingerprint)
        #expect(again.vocabularySize == tokenizer.vocabularySize)
        for text in try Goldens.samples() { #expect(again.encode(text) == tokenizer.encode(text)) }
    }
}
