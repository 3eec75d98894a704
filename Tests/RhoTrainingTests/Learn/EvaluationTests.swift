import Glibc
import RhoCore
import RhoData
import RhoModels
import RhoSelection
import RhoTensor
import RhoTestSupport
import RhoText
import RhoTraining
import Testing

@Suite struct EvaluationTests {
    @Test func scoresHoldTheLossOfEveryToken() throws {
        let bench = try Bench()
        let model = try bench.model(seed: 2)
        let scorer = try ReferenceScorer(
            model: model, corpus: bench.noisy, context: bench.context, batch: 7, entropy: true)
        var last = 0
        let path = bench.directory.file("x.scores")
        let result = try scorer.score(into: path) { done, all throws(RhoError) in
            #expect(done > last && done <= all)
            last = done
        }
        #expect(result.tokens == bench.noisy.tokenCount - 1 && last == result.tokens)
        #expect(result.flops == Double(result.tokens) * model.forwardFLOPsPerToken(context: bench.context))
        #expect(result.file.reference == model.fingerprint && result.file.columns == ["loss", "entropy"])

        let view = try result.file.view(of: bench.noisy, context: bench.context, reference: model.fingerprint)
        let batch = try DataLoader(bench.noisy, batch: 5, tokens: bench.context, order: .shuffled(seed: 1)).batch(
            step: 3)
        let stored = try view.values("loss", for: batch)
        let fresh = try Autograd.withoutGrad { () throws(RhoError) in
            try model.loss(batch.grid(), targets: batch.targets).toArray()
        }
        for (index, target) in batch.targets.enumerated() where target >= 0 {
            #expect(abs(stored[index] - fresh[index]) <= fresh[index] / 1024)
        }
        let held = try HeldOut.evaluate(
            model, on: bench.noisy, byteLengths: HeldOut.byteLengths(of: bench.tokenizer), context: bench.context,
            batch: 7)
        #expect(held.loss == result.meanLoss)
    }

    @Test func anInterruptedPassLeavesNothing() throws {
        let bench = try Bench()
        let scorer = try ReferenceScorer(model: bench.model(), corpus: bench.noisy, context: bench.context)
        let path = bench.directory.file("half.scores")
        #expect(throws: RhoError.self) {
            try scorer.score(into: path) { _, _ throws(RhoError) in throw RhoError(.interrupted, "stop") }
        }
        #expect(!Files.exists(path))
        #expect(throws: RhoError.self) { try ReferenceScorer(model: bench.model(), corpus: bench.noisy, context: 33) }
        let small = try ModelCatalog.make(
            ModelConfig(family: .llama, vocab: 100, dim: 8, layers: 1, heads: 1, context: 32), seed: 1)
        #expect(throws: RhoError.self) { try ReferenceScorer(model: small, corpus: bench.noisy, context: 32) }
    }

    @Test func heldOutLossByHand() throws {
        let bench = try Bench()
        let text = Array("abcdefgh".utf8)
        let store = try TokenStore.build(
            ListSource([Document(text: text)]), tokenizer: bench.tokenizer, path: bench.directory.file("one.tokens"),
            threads: 1)
        let corpus = try Corpus(store)
        let model = try bench.model()
        let stream = store.tokens(0..<store.tokenCount)
        let held = try HeldOut.evaluate(
            model, on: corpus, byteLengths: HeldOut.byteLengths(of: bench.tokenizer), context: 4, batch: 3)
        // Rows of four tokens, each scored on its own.
        var sums: [Double] = []
        var counts: [Int] = []
        var start = 0
        while start + 1 < stream.count {
            let end = min(start + 4, stream.count - 1)
            let losses = try model.loss(
                TokenGrid(batch: 1, tokens: end - start, ids: Array(stream[start..<end])),
                targets: Array(stream[start + 1...end])
            ).toArray()
            sums.append(losses.reduce(0.0) { $0 + Double($1) })
            counts.append(losses.count)
            start = end
        }
        let mean = sums.reduce(0, +) / Double(counts.reduce(0, +))
        #expect(abs(held.loss - mean) < 1e-6 && held.tokens == counts.reduce(0, +))
        // The first byte is never predicted, an end-of-text token stands for no bytes.
        let bytes = stream.dropFirst().filter { $0 < 256 }.count
        #expect(held.bytes == bytes)
        #expect(abs(held.bitsPerByte - sums.reduce(0, +) / log(2.0) / Double(bytes)) < 1e-6)
        #expect(abs(held.perplexity - exp(mean)) < 1e-3)
        let residuals = zip(sums, counts).map { $0 - mean * Double($1) }
        let n = Double(sums.count)
        let spread = (residuals.reduce(0) { $0 + $1 * $1 } * n / (n - 1)).squareRoot() / Double(held.tokens)
        #expect(abs(held.standardError - spread) < 1e-6)
    }

    @Test func aLimitTakesBatchesSpreadOverTheCorpus() throws {
        let bench = try Bench()
        let held = try HeldOut.evaluate(
            bench.model(), on: bench.clean, byteLengths: HeldOut.byteLengths(of: bench.tokenizer),
            context: bench.context,
            batch: 4, limit: 1000)
        #expect(held.tokens > 0 && held.tokens <= 1000 && held.loss > 0)
    }

    @Test func greedyAnswersAreComparedExactly() throws {
        let bench = try Bench()
        let source = GeneratedSource(name: "answers", count: 400) {
            Document("say \($0 % 2 == 0 ? "a: apple" : "b: berry")\n")
        }
        let corpus = try Corpus(
            TokenStore.build(
                source, tokenizer: bench.tokenizer, path: bench.directory.file("answers.tokens"), threads: 1))
        let model = try bench.trained(on: corpus, steps: 100)
        let result = try ExactMatch.evaluate(
            model, tokenizer: bench.tokenizer, prompts: ["say a:", "say b:", "say a:"],
            answers: [" apple", "berry", "pear"], maxTokens: 12)
        #expect(result.items.map(\.answer) == ["apple", "berry", "apple"])
        #expect(result.items.map(\.correct) == [true, true, false])
        #expect(result.items[0].output == " apple" && result.truncated == 0)
        #expect(result.accuracy == 2.0 / 3 && abs(result.standardError - (2.0 / 27).squareRoot()) < 1e-12)
        let long = try ExactMatch.evaluate(
            model, tokenizer: bench.tokenizer,
            prompts: [String(repeating: "say a: apple\n", count: 5) + "say b:"],
            answers: ["BERRY"], maxTokens: 8, extract: { $0.uppercased().filter { $0 != " " } })
        #expect(long.truncated == 1 && long.items[0].answer == "BERRY")
        #expect(throws: RhoError(.value, "1 prompts need as many answers, got 0")) {
            try ExactMatch.evaluate(model, tokenizer: bench.tokenizer, prompts: ["x"], answers: [])
        }
    }
}
