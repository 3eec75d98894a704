import Glibc
import RhoCore
import RhoData
import RhoModels
import RhoTensor
import RhoTestSupport
import RhoText
import RhoTraining
import Testing

@Suite struct DocumentLossTests {
    private let texts = [
        "The farm has 35 hens.", "a", "", "Twelve pigs and 7 cows, and a dog that barks at all of them.\n",
    ]

    /// One document at a time, each row by itself.
    private func byHand(_ model: any LanguageModel, _ text: String, context: Int) throws -> (loss: Double, tokens: Int)
    {
        let stream = TextGeneration.input(Array(text.utf8), ByteTokenizer())
        var (loss, tokens, first) = (0.0, 0, 0)
        while first + 1 < stream.count {
            let last = min(first + context, stream.count - 1)
            let losses = try model.loss(
                TokenGrid(batch: 1, tokens: last - first, ids: Array(stream[first..<last])),
                targets: Array(stream[first + 1...last])
            ).toArray()
            loss += losses.reduce(0.0) { $0 + Double($1) }
            tokens += losses.count
            first = last
        }
        return (loss, tokens)
    }

    @Test(arguments: [64, 7], [4096, 50])
    func batchesAreWhatDocumentsAreOneByOne(context: Int, batchTokens: Int) throws {
        let directory = try TemporaryDirectory()
        let rows = texts.map { JSON.object(["q": .string($0)]).serialized() }.joined(separator: "\n")
        let path = try directory.write("x.jsonl", rows)
        let model = try TextGenerationTests.model()
        let result = try DocumentLoss.evaluate(
            model, tokenizer: ByteTokenizer(), source: JSONLSource([path], template: "{q}"), context: context,
            batchTokens: batchTokens)
        let own = try texts.map { try byHand(model, $0, context: context) }
        let (loss, tokens) = (own.reduce(0) { $0 + $1.loss }, own.reduce(0) { $0 + $1.tokens })
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        #expect(result.tokens == tokens && result.bytes == bytes && result.documents == texts.count)
        #expect(abs(result.loss - loss / Double(tokens)) < 1e-5)
        #expect(abs(result.bitsPerByte - loss / log(2.0) / Double(bytes)) < 1e-5)
        #expect(abs(result.perDocument - loss / 4) < 1e-3)
        #expect(result.cut == (context == 64 ? 0 : 2))
        #expect(result.standardError > 0 && result.standardError < 1)
        let first = try DocumentLoss.evaluate(
            model, tokenizer: ByteTokenizer(), source: JSONLSource([path], template: "{q}"), context: context, limit: 1)
        #expect(first.documents == 1 && abs(first.loss - own[0].loss / Double(own[0].tokens)) < 1e-5)
        #expect(first.standardError.isNaN)
    }

    @Test func saysWhatIsWrong() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("x.jsonl", "\n")
        let model = try TextGenerationTests.model()
        func sentence(context: Int?) -> String {
            do {
                _ = try DocumentLoss.evaluate(
                    model, tokenizer: ByteTokenizer(), source: JSONLSource([path], template: "{q}"), context: context)
                return "accepted"
            } catch { return (error as? RhoError)?.message ?? "\(error)" }
        }
        #expect(sentence(context: 65) == "context must be in [1, 64], got 65")
        #expect(sentence(context: nil).contains("is empty: 0 rows read"))
    }
}
