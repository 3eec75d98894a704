import RhoCore

/// Writes vocabularies made here as the parsed text of a `tokenizer.json` that Hugging Face's tokenizers load.
enum TokenizerWriter {
    /// A byte-level BPE: special tokens at the ids 0, 1, ..., then `tokens`, with `merges` in their order.
    static func byteLevelBPE(
        specials: [String], tokens: [[UInt8]], merges: [(left: [UInt8], right: [UInt8])], pattern: SplitPattern
    ) -> JSON {
        let split: JSON =
            switch pattern {
            case .gpt2: byteLevel(usesRegex: true)
            case .gpt4, .qwen2:
                [
                    "type": "Sequence",
                    "pretokenizers": [
                        [
                            "type": "Split", "pattern": ["Regex": JSON(pattern.pattern)], "behavior": "Isolated",
                            "invert": false,
                        ],
                        byteLevel(usesRegex: false),
                    ],
                ]
            }
        var vocabulary = specials.enumerated().map { ($1, JSON($0)) }
        for (index, token) in tokens.enumerated() {
            vocabulary.append((ByteLevelAlphabet.text(of: token), JSON(specials.count + index)))
        }
        let pairs = merges.map { merge in
            JSON.array([JSON(ByteLevelAlphabet.text(of: merge.left)), JSON(ByteLevelAlphabet.text(of: merge.right))])
        }
        return document(
            added: specials.enumerated().map { added($1, id: $0) }, preTokenizer: split,
            vocabulary: JSONObject(vocabulary), merges: pairs)
    }

    /// The 256 bytes at the ids 0...255 and special tokens after them.
    static func bytes(specials: [String]) -> JSON {
        let vocabulary = (0..<256).map { (ByteLevelAlphabet.text(of: [UInt8($0)]), JSON($0)) }
        return document(
            added: specials.enumerated().map { added($1, id: 256 + $0) }, preTokenizer: byteLevel(usesRegex: false),
            vocabulary: JSONObject(vocabulary), merges: [])
    }

    private static func byteLevel(usesRegex: Bool) -> JSON {
        ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": JSON(usesRegex)]
    }

    private static func added(_ content: String, id: Int) -> JSON {
        [
            "id": JSON(id), "content": JSON(content), "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true,
        ]
    }

    private static func document(
        added: [JSON], preTokenizer: JSON, vocabulary: JSONObject, merges: [JSON]
    ) -> JSON {
        [
            "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added), "normalizer": nil,
            "pre_tokenizer": preTokenizer, "post_processor": byteLevel(usesRegex: true),
            "decoder": byteLevel(usesRegex: true),
            "model": [
                "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
                "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                "vocab": .object(vocabulary), "merges": .array(merges),
            ],
        ]
    }
}
