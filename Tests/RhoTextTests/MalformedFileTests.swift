import RhoCore
import RhoTestSupport
import RhoText
import Testing

/// Broken and unsupported tokenizer files: one sentence with the place, no crash, no great allocation.
@Suite struct MalformedFileTests {
    /// Two tokens with one id: what is read stays within the text.
    @Test func sharedIDsKeepOffsetsInTheText() throws {
        let trained = try BPETokenizer.train(documents: [Array("the cat".utf8)], vocabularySize: 260)
        let json = try JSON.parse(trained.tokenizerJSON())
        let id = json["model"]?["vocab"]?["t"]
        let tokenizer = try PipelineTokenizer(json: replacing(json, ["model", "vocab", "weights"], id))
        let offsets = tokenizer.encodeWithOffsets(Array("tttt".utf8))
        #expect(offsets.byteEnd.allSatisfy { $0 <= 4 } && offsets.ids.count == 4)
    }

    private func error(loading json: JSON) -> RhoError? {
        do throws(RhoError) {
            _ = try PipelineTokenizer(json: json)
            return nil
        } catch {
            return error
        }
    }

    /// The value with another one at a path of keys.
    private func replacing(_ json: JSON, _ path: ArraySlice<String>, _ value: JSON?) -> JSON {
        guard let first = path.first else { return value ?? .null }
        var object = json.objectValue ?? JSONObject()
        if path.count == 1 {
            object[first] = value
        } else {
            object[first] = replacing(object[first] ?? .null, path.dropFirst(), value)
        }
        return .object(object)
    }

    static let cases: [([String], JSON?, String)] = [
        (["model"], nil, "the key 'model' is missing"),
        (["model"], "BPE", "model: expected an object, got string"),
        (["model", "vocab"], nil, "model: the key 'vocab' is missing"),
        (["model", "vocab"], 7, "model.vocab: expected an object or a list, got number"),
        (
            ["model", "vocab", "zzz"], 4_000_000_000,
            "model.vocab: the id of 'zzz' must be a whole number from 0 to 67459, got 4000000000"
        ),
        (["model", "vocab", "zzz"], -1, "model.vocab: the id of 'zzz' must be a whole number from 0 to 67459, got -1"),
        (
            ["model", "vocab", "zzz"], "x",
            "model.vocab: the id of 'zzz' must be a whole number from 0 to 67459, got \"x\""
        ),
        (["model", "merges"], nil, "model: the key 'merges' is missing"),
        (["model", "merges"], ["ab"], "model.merges: merge 0 must be \"a b\" or [\"a\", \"b\"], got \"ab\""),
        (
            ["model", "merges"], [["a", "b", "c"]],
            "model.merges: merge 0 must be \"a b\" or [\"a\", \"b\"], got [\"a\",\"b\",\"c\"]"
        ),
        (["model", "merges"], ["a 漢"], "model.merges: merge 0 needs the token '漢', which is not in the vocabulary"),
        (
            ["model", "type"], "WordPiece",
            "model: the model 'WordPiece' is not supported; supported: BPE, Unigram"
        ),
        (
            ["model", "end_of_word_suffix"], "</w>",
            "model.end_of_word_suffix: '</w>' is not supported; supported: none"
        ),
        (["model", "dropout"], 0.1, "model.dropout: merges left out at random are not supported, got 0.1"),
        (["model", "ignore_merges"], 3, "model.ignore_merges: expected true or false, got number"),
        (
            ["normalizer"], ["type": "NFCK"],
            "normalizer: the normalizer 'NFCK' is not supported (did you mean 'NFC'?); supported: Sequence, NFC, NFD, "
                + "NFKC, NFKD, Lowercase, Strip, StripAccents, Prepend, Replace"
        ),
        (["normalizer"], ["type": "Replace", "content": ""], "normalizer: the key 'pattern' is missing"),
        (
            ["normalizer"], ["type": "Replace", "content": "", "pattern": ["Regex": "a{2,1}"]],
            "normalizer: the pattern 'a{2,1}' cannot be read: numbers out of order in {} quantifier"
        ),
        (
            ["pre_tokenizer"], ["type": "UnicodeScripts"],
            "pre_tokenizer: the pre-tokenizer 'UnicodeScripts' is not supported; supported: Sequence, ByteLevel, Split, "
                + "Digits, Metaspace, Punctuation, Whitespace, WhitespaceSplit, CharDelimiterSplit"
        ),
        (
            ["pre_tokenizer"], ["type": "Split", "pattern": ["String": " "], "behavior": "Dropped"],
            "pre_tokenizer.behavior: expected one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous, "
                + "got 'Dropped'"
        ),
        (
            ["pre_tokenizer"], ["type": "Sequence", "pretokenizers": [["type": "ByteLevel"], ["type": "Digits"]]],
            "pre_tokenizer.pretokenizers[0]: ByteLevel is supported as the last step only"
        ),
        (
            ["decoder"], ["type": "CTC"],
            "decoder: the decoder 'CTC' is not supported; supported: Sequence, ByteLevel, "
                + "ByteFallback, Replace, Fuse, Strip, Metaspace"
        ),
        (
            ["decoder"], ["type": "Strip", "content": " ", "start": 9_999_999, "stop": 0],
            "decoder: start and stop must be from 0 to 1000, got 9999999 and 0"
        ),
        (["added_tokens"], [["content": "<x>"]], "added_tokens[0]: the key 'id' is missing"),
        (
            ["added_tokens"], [["id": 99_999_999, "content": "<x>"]],
            "added_tokens[0]: id must be from 0 to 67455, got 99999999"
        ),
        (["added_tokens"], [["id": 3, "content": ""]], "added_tokens[0]: content must not be empty"),
        (
            ["post_processor"],
            ["type": "TemplateProcessing", "single": [["SpecialToken": ["id": "<s>", "type_id": 0]]]],
            "post_processor: the key 'special_tokens' is missing"
        ),
    ]

    @Test(arguments: cases.indices) func sentence(_ index: Int) throws {
        let (path, value, expected) = Self.cases[index]
        let error = error(loading: replacing(try Goldens.json("gpt2.json"), path[...], value))
        #expect(error?.description == expected)
        #expect(error?.code == (expected.contains("supported") ? .unsupported : .format))
    }

    @Test func unigramSentences() throws {
        func message(_ model: JSON) -> String? { error(loading: ["model": model])?.message }
        #expect(
            message(["type": "Unigram", "vocab": [["a", "b"]]])
                == "model.vocab: entry 0 must be a token and its score, got [\"a\",\"b\"]")
        #expect(
            message(["type": "Unigram", "vocab": [["a", -1]], "unk_id": 5])
                == "model.unk_id: must be from 0 to 0, got 5")
        #expect(
            message(["type": "Unigram", "vocab": ["a": 1]])
                == "model.vocab: expected a list of tokens and scores, got object")
    }

    @Test func filesAreNamed() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("tokenizer.json", "{\"model\": ")
        #expect(throws: RhoError.self) { try TokenizerCatalog.load(path: directory.file("missing.json")) }
        do throws(RhoError) {
            _ = try TokenizerCatalog.load(path: directory.path)
            Issue.record("a truncated file was accepted")
        } catch {
            #expect(error.message.hasPrefix(path + ": line 1, byte 10: expected a value"))
        }
    }

    /// Files cut off or with one byte changed are refused or read; nothing crashes.
    @Test(arguments: ["gpt2", "llama2", "unigram"]) func damagedFiles(_ name: String) throws {
        let bytes = try Files.read(Goldens.directory + name + ".json")
        var stream = RandomStream(seed: 9, name: "damage")
        for _ in 0..<300 {
            var damaged = bytes
            switch stream.below(3) {
            case 0: damaged.removeLast(stream.below(bytes.count))
            case 1: damaged[stream.below(min(2_000, bytes.count))] = UInt8(stream.below(256))
            default: damaged[stream.below(bytes.count)] = Array("[]{}\",:019ex".utf8)[stream.below(12)]
            }
            if let tokenizer = try? TokenizerCatalog.load(json: JSON.parse(damaged)) {
                _ = tokenizer.decode(tokenizer.encode("Hello <tool> wörld ▁ 日本\u{FFFD}"))
            }
        }
    }
}
