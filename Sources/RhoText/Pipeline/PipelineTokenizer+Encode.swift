/// Where encoding puts its result.
struct TokenSink {
    var ids: [Int32] = []
    /// The source offsets at which the tokens end, when `tracksEnds`.
    var ends: [Int32] = []
    let tracksEnds: Bool
}

extension PipelineTokenizer {
    public func encode(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32]) {
        encode(bytes, plainMatchers, into: &ids)
    }

    public func encodeParsingSpecials(_ bytes: UnsafeRawBufferPointer, into ids: inout [Int32]) {
        encode(bytes, allMatchers, into: &ids)
    }

    public func encodeWithOffsets(_ bytes: UnsafeRawBufferPointer) -> EncodedOffsets {
        if plainMatchers.isEmpty, case .bpe(let model) = parts.model, model.coversAllBytes, isFast(bytes) {
            // Every byte belongs to a token, so the lengths of the tokens add up to the offsets.
            var result = EncodedOffsets(ids: encode(bytes))
            var end: Int32 = 0
            result.byteEnd = result.ids.map { id in
                end += Int32(pieces.bytes(of: id).count)
                return end
            }
            return result
        }
        var sink = TokenSink(tracksEnds: true)
        pool.with { encodeParts(bytes, plainMatchers, $0, &sink) }
        return EncodedOffsets(ids: sink.ids, byteEnd: sink.ends)
    }

    private func encode(_ bytes: UnsafeRawBufferPointer, _ matchers: Matchers, into ids: inout [Int32]) {
        if matchers.isEmpty && isFast(bytes) {
            pool.with { encodeFast(bytes.bindMemory(to: UInt8.self), $0, into: &ids) }
            return
        }
        var sink = TokenSink(tracksEnds: false)
        swap(&sink.ids, &ids)
        pool.with { encodeParts(bytes, matchers, $0, &sink) }
        swap(&sink.ids, &ids)
    }

    /// Whether the text needs no rewriting and a hand-written splitter cuts it.
    private func isFast(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard parts.fastSplit != nil, case .bpe = parts.model else { return false }
        let text = bytes.bindMemory(to: UInt8.self)
        return parts.normalizers.allSatisfy { $0.leavesUnchanged(text) }
    }

    /// The short way: cut by hand, look words up in the cache, merge the others.
    private func encodeFast(
        _ text: UnsafeBufferPointer<UInt8>, _ scratch: EncoderScratch, into ids: inout [Int32]
    ) {
        guard let base = text.baseAddress, case .bpe(let model) = parts.model, let split = parts.fastSplit else {
            return
        }
        ids.reserveCapacity(ids.count + text.count / 4)
        model.merges.withReader { merges in
            var encoder = WordEncoder(model: model, merges: merges, scratch: scratch)
            switch split {
            case .whole:
                WholeSplitter().forEachPiece(base, text.count) { encoder.append(base + $0, $1 - $0, &ids) }
            case .known(.gpt2):
                GPT2Splitter().forEachPiece(base, text.count) { encoder.append(base + $0, $1 - $0, &ids) }
            case .known(.gpt4):
                GPT4Splitter(digits: 3).forEachPiece(base, text.count) { encoder.append(base + $0, $1 - $0, &ids) }
            case .known(.qwen2):
                GPT4Splitter(digits: 1).forEachPiece(base, text.count) { encoder.append(base + $0, $1 - $0, &ids) }
            case .gpt2IsolatedNumbers:
                GPT2Splitter(isolatesNumbers: true).forEachPiece(base, text.count) {
                    encoder.append(base + $0, $1 - $0, &ids)
                }
            }
            encoder.flush(&ids)
        }
    }

    /// The long way: added tokens of the source, normalisers, added tokens of the result, pre-tokenisers, model.
    private func encodeParts(
        _ bytes: UnsafeRawBufferPointer, _ matchers: Matchers, _ scratch: EncoderScratch, _ sink: inout TokenSink
    ) {
        let text = bytes.bindMemory(to: UInt8.self)
        matchers.source.forEachPart(text) { range, token in
            if let token {
                sink.ids.append(token.id)
                if sink.tracksEnds { sink.ends.append(Int32(range.upperBound)) }
                return
            }
            let part = UnsafeRawBufferPointer(rebasing: bytes[range])
            if !sink.tracksEnds && isFast(part) {
                let plain = part.bindMemory(to: UInt8.self)
                matchers.normalized.forEachPart(plain) { range, token in
                    if let token { return sink.ids.append(token.id) }
                    encodeFast(UnsafeBufferPointer(rebasing: plain[range]), scratch, into: &sink.ids)
                }
            } else {
                encodePart(part, at: range.lowerBound, matchers.normalized, scratch, &sink)
            }
        }
    }

    private func encodePart(
        _ part: UnsafeRawBufferPointer, at offset: Int, _ matcher: AddedTokenMatcher, _ scratch: EncoderScratch,
        _ sink: inout TokenSink
    ) {
        var text = AlignedText(part, tracksEnds: sink.tracksEnds)
        for step in parts.normalizers {
            let same = text.bytes.withUnsafeBufferPointer { step.leavesUnchanged($0) }
            if !same { text = step.apply(text) }
        }
        text.bytes.withUnsafeBufferPointer { buffer in
            matcher.forEachPart(buffer) { range, token in
                if let token {
                    sink.ids.append(token.id)
                    if sink.tracksEnds { sink.ends.append(Int32(offset) + text.sourceEnd(range.upperBound)) }
                    return
                }
                let section = range.count == text.count ? text : AlignedText(text, range)
                var pieces = Pieces(section, beginsInput: offset == 0 && range.lowerBound == 0)
                for step in parts.preTokenizers { pieces = step.apply(pieces) }
                encodePieces(pieces, offset, scratch, &sink)
            }
        }
    }

    private func encodePieces(
        _ pieces: Pieces, _ offset: Int, _ scratch: EncoderScratch, _ sink: inout TokenSink
    ) {
        func emitWithEnds(_ start: Int, _ count: Int) {
            var end = start
            for index in 0..<count {
                end += Int(scratch.merge.lengths[index])
                sink.ids.append(scratch.merge.ids[index])
                sink.ends.append(Int32(offset) + pieces.text.sourceEnd(end))
            }
        }
        switch parts.model {
        case .bpe(let model):
            model.merges.withReader { merges in
                var encoder = WordEncoder(model: model, merges: merges, scratch: scratch)
                pieces.forEach { range, base in
                    model.forEachWord(base + range.lowerBound, range.count) { start, end in
                        let word = base + range.lowerBound + start
                        if sink.tracksEnds {
                            let count = model.tokenize(word, end - start, scratch, merges)
                            emitWithEnds(range.lowerBound + start, count)
                        } else {
                            encoder.append(word, end - start, &sink.ids)
                        }
                    }
                }
                encoder.flush(&sink.ids)
            }
        case .unigram(let model):
            let noMerges = PairTable.Reader.empty
            var encoder = WordEncoder(model: model, merges: noMerges, scratch: scratch)
            pieces.forEach { range, base in
                let word = base + range.lowerBound
                if sink.tracksEnds {
                    emitWithEnds(range.lowerBound, model.tokenize(word, range.count, scratch, noMerges))
                } else {
                    encoder.append(word, range.count, &sink.ids)
                }
            }
            encoder.flush(&sink.ids)
        }
    }
}
