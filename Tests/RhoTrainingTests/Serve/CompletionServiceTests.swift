import RhoCore
import RhoModels
import RhoTensor
import RhoText
import RhoTraining
import Testing

/// Answers in OpenAI's completions form.
@Suite struct CompletionServiceTests {
    private let service: CompletionService

    init() throws {
        service = CompletionService(
            model: try TextGenerationTests.model(), tokenizer: ByteTokenizer(), name: "tiny")
    }

    private func ask(_ body: String) throws -> JSON { try service.complete(Array(body.utf8), id: "cmpl-1", created: 7) }

    private func sentence(_ body: String) -> String {
        do {
            _ = try ask(body)
            return "answered"
        } catch { return (error as? RhoError)?.message ?? "\(error)" }
    }

    /// What evaluation harnesses send: the prompt back with log probabilities and one more token.
    @Test func echoGivesTheModelsOwnProbabilities() throws {
        let rows: [[Int32]] = [[104, 101, 110, 115], [97, 98], [200, 201, 202, 203, 204, 205]]
        let prompts = JSON.array(rows.map { .array($0.map { JSON(Int($0)) }) }).serialized()
        let answer = try ask(
            #"{"model":"tiny","prompt":\#(prompts),"temperature":0,"max_tokens":1,"logprobs":1,"seed":1234,"echo":true}"#
        )
        #expect(answer["object"] == "text_completion" && answer["model"] == "tiny" && answer["id"] == "cmpl-1")
        let choices = try #require(answer["choices"]?.arrayValue)
        #expect(choices.count == 3)
        for (index, row) in rows.enumerated() {
            let told = try #require(choices[index]["logprobs"])
            let values = try #require(told["token_logprobs"]?.arrayValue),
                tops = try #require(told["top_logprobs"]?.arrayValue)
            #expect(values.count == row.count + 1 && values[0].isNull && tops[0].isNull)
            let logits = try service.model.logits(TokenGrid(batch: 1, tokens: row.count, ids: row)).logSoftmax()
            let (all, vocab) = (logits.toArray(), service.model.config.vocab)
            for place in 1...row.count {
                let line = Array(all[(place - 1) * vocab..<place * vocab])
                let best = try #require(line.max())
                let own = place < row.count ? line[Int(row[place])] : best
                #expect(abs(Float(values[place].doubleValue ?? 0) - own) < 1e-4)
                let top = try #require(tops[place].objectValue).pairs.compactMap { $0.value.doubleValue }
                #expect(abs(Float(top.max() ?? 0) - best) < 1e-4)
                #expect(top.count == (own == best ? 1 : 2))
            }
            #expect(told["tokens"]?.arrayValue?.count == row.count + 1)
        }
        #expect(choices[0]["text"]?.stringValue?.hasPrefix("hens") == true)
        #expect(choices[2]["logprobs"]?["tokens"]?[1]?.stringValue == "bytes:\\xc9")
        #expect(answer["usage"] == ["prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15])
    }

    @Test func continuationsAreThoseOfTheEngine() throws {
        let body = #"{"prompt":["ab","cd"],"max_tokens":9,"temperature":0,"stop":["\u0000\u0001"],"logprobs":0}"#
        let answer = try ask(body)
        let direct = try TextGeneration(
            model: service.model, tokenizer: ByteTokenizer(), options: GenerationOptions(maxNewTokens: 9)
        ).run(ids: [[97, 98], [99, 100]])
        for (index, output) in direct.enumerated() {
            let choice = try #require(answer["choices"]?[index])
            #expect(choice["text"]?.stringValue == String(decoding: output.text, as: UTF8.self))
            #expect(choice["finish_reason"] == (output.end == .stop ? "stop" : "length"))
            #expect(choice["logprobs"]?["token_logprobs"]?.arrayValue?.count == output.ids.count)
            // Greedy tokens are the likeliest ones.
            #expect(choice["logprobs"]?["top_logprobs"]?[0]?.objectValue?.count == 1)
        }
        #expect(try ask(#"{"prompt":"ab","max_tokens":2}"#)["choices"]?[0]?["logprobs"]?.isNull == true)
        let sampled = #"{"prompt":"ab","max_tokens":6,"temperature":1,"top_p":0.9,"top_k":20,"seed":5}"#
        #expect(try ask(sampled) == ask(sampled))
        #expect(try ask(#"{"prompt":"ab","max_tokens":0,"echo":true}"#)["choices"]?[0]?["text"] == "ab")
    }

    @Test func saysWhatARequestGetsWrong() {
        let long = "[" + (0..<65).map { _ in "1" }.joined(separator: ",") + "]"
        for (body, message) in [
            ("{", "the body is not valid JSON"), ("[]", "the body must be a JSON object"), ("{}", "prompt is missing"),
            (#"{"prompt":[]}"#, "prompt holds nothing"), (#"{"prompt":""}"#, "prompt 1 holds no token"),
            (#"{"prompt":[1,999]}"#, "prompt holds 999, which is no token id below 257"),
            (#"{"prompt":[[1],[true]]}"#, "prompt holds true, which is no token id below 257"),
            (#"{"prompt":\#(long)}"#, "prompt 1 has 65 tokens, the model's context is 64"),
            (#"{"prompt":"a","n":2}"#, "n must be 1 here, got 2"),
            (#"{"prompt":"a","stream":true}"#, "stream is not supported: answers come whole"),
            (#"{"prompt":"a","max_token":2}"#, "unknown setting 'max_token' (did you mean 'max_tokens'?)"),
            (#"{"prompt":"a","temperature":"hot"}"#, #"temperature must be a number, got "hot""#),
            (#"{"prompt":"a","top_p":0}"#, "top_p must be in (0, 1], got 0.0"),
            (#"{"prompt":"a","logprobs":101}"#, "logprobs must be in [0, 100], got 101"),
            (#"{"prompt":"a","stop":[1]}"#, "stop must be a text or a list of texts, got [1]"),
        ] {
            #expect(sentence(body).hasPrefix(message), "\(body): \(sentence(body))")
        }
        #expect(service.models["data"]?[0]?["id"] == "tiny")
    }
}
