import RhoCore
import RhoText

/// A tokenizer.json: read, then used in both directions.
final class TokenizerTarget: FuzzTarget {
    private let seeds: [JSON]
    private let texts =
        [
            "The farm has 35 hens and 12 pigs.", "", " \u{2581}x\u{0301}\u{4E2D}\u{6587} <s> </s> <|endoftext|>\t\n\r",
            "ab",
            "\u{FEFF}\u{0}\u{1F600}\u{1F468}\u{200D}\u{1F469}",
        ].map { Array($0.utf8) } + [[0xFF, 0xC3, 0x28, 0x80], Array(repeating: 0x61, count: 3000)]

    init(folder: String) throws {
        let documents = [Array("the farm has 35 hens and the pigs have 12 hens".utf8)]
        var seeds: [JSON] = []
        for pattern in [SplitPattern.gpt2, .gpt4] {
            let trained = try BPETokenizer.train(documents: documents, vocabularySize: 270, pattern: pattern)
            seeds.append(try JSON.parse(trained.tokenizerJSON()))
        }
        seeds.append(try JSON.parse(ByteTokenizer().tokenizerJSON()))
        for text in Self.texts { seeds.append(try JSON.parse(text)) }
        self.seeds = seeds
    }

    func input(_ random: inout FuzzRandom) -> [UInt8] {
        let json = Mutation.damage(random.pick(seeds), &random)
        var bytes = Array(json.serialized().utf8)
        if random.chance(4) { Mutation.damage(&bytes, &random) }
        return bytes
    }

    func run(_ bytes: [UInt8]) throws {
        let tokenizer = try TokenizerCatalog.load(tokenizerJSON: String(decoding: bytes, as: UTF8.self))
        for text in texts {
            let ids = tokenizer.encode(text)
            for id in ids where id < 0 || Int(id) >= tokenizer.vocabularySize {
                throw Finding("it gives the id \(id) with a vocabulary of \(tokenizer.vocabularySize)")
            }
            let offsets = tokenizer.encodeWithOffsets(text)
            guard offsets.ids == ids, offsets.byteEnd.count == ids.count else { throw Finding("offsets of other ids") }
            for (end, next) in zip(offsets.byteEnd, offsets.byteEnd.dropFirst()) where end > next {
                throw Finding("offsets that go back")
            }
            if let last = offsets.byteEnd.last, Int(last) > text.count { throw Finding("an offset behind the text") }
            _ = tokenizer.decode(ids)
        }
        _ = tokenizer.decode([-1, .max, .min, 0, 1, 255, 300])
        _ = tokenizer.bytes(of: -5)
        // What was read can be written, and read again as the same.
        let again = try TokenizerCatalog.load(tokenizerJSON: tokenizer.tokenizerJSON())
        guard again.fingerprint == tokenizer.fingerprint else { throw Finding("saved and loaded it is another one") }
    }

    /// A SentencePiece-style BPE with byte fallback, and a Unigram model, with every kind of part around them.
    private static let texts = [
        #"""
        {"version":"1.0","truncation":null,"padding":null,
         "added_tokens":[{"id":0,"content":"<unk>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,
           "special":true},{"id":1,"content":"<s>","single_word":true,"lstrip":true,"rstrip":true,"normalized":true,
           "special":false}],
         "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"NFKC"},
           {"type":"Lowercase"},{"type":"StripAccents"},{"type":"Strip","strip_left":true,"strip_right":false},
           {"type":"Replace","pattern":{"String":" "},"content":"▁"},
           {"type":"Replace","pattern":{"Regex":"a+"},"content":"a"}]},
         "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Metaspace","replacement":"▁","prepend_scheme":"first",
           "split":true},{"type":"Digits","individual_digits":true},{"type":"Punctuation","behavior":"Isolated"},
           {"type":"Split","pattern":{"Regex":"\\p{L}+|\\s"},"behavior":"MergedWithNext","invert":false}]},
         "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
           {"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}}],
           "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
         "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
           {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
         "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,
           "end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"ignore_merges":false,
           "vocab":{"<unk>":0,"<s>":1,"<0x00>":2,"<0xFF>":3,"▁":4,"a":5,"b":6,"ab":7,"▁ab":8,"h":9,"e":10,"he":11},
           "merges":[["a","b"],["▁","ab"],["h","e"]]}}
        """#,
        #"""
        {"version":"1.0","added_tokens":[{"id":0,"content":"<unk>","special":true}],"normalizer":{"type":"NFC"},
         "pre_tokenizer":{"type":"Metaspace","replacement":"▁","add_prefix_space":true},"post_processor":null,
         "decoder":{"type":"Metaspace","replacement":"▁","add_prefix_space":true},
         "model":{"type":"Unigram","unk_id":0,"byte_fallback":false,
           "vocab":[["<unk>",0.0],["▁",-1.5],["a",-2.0],["ab",-2.5],["▁the",-1.0],["h",-4],["e",-4.5]]}}
        """#,
    ]
}
