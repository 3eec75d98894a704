import RhoCheckpoint
import RhoCore
import RhoModels
import RhoText

/// Answers requests in OpenAI's completions form with one model. Not for use by two threads at once.
public struct CompletionService {
    public let model: any LanguageModel
    public let tokenizer: any Tokenizer
    /// What the model is called in answers.
    public let name: String

    public init(model: any LanguageModel, tokenizer: any Tokenizer, name: String) {
        self.model = model
        self.tokenizer = tokenizer
        self.name = name
    }

    /// One prompt with its continuation, and what the model expected at each place.
    private struct Choice {
        var prompt: [Int32]
        var output: TextGeneration.Output
        /// Places 1 ... of prompt and continuation; empty when no log probabilities are asked for.
        var places: [TokenDistributions.Place] = []
        var ids: [Int32] { prompt + output.ids }
    }

    /// The list that `/v1/models` gives.
    public var models: JSON {
        ["object": "list", "data": [["id": .string(name), "object": "model", "owned_by": "rhoscript"]]]
    }

    /// The answer to a request's body. `id` and `created` (seconds since 1970) are repeated in it.
    /// Errors: `.value` for what the request gets wrong.
    public func complete(_ body: [UInt8], id: String, created: Int) throws(RhoError) -> JSON {
        let json: JSON
        do throws(RhoError) { json = try JSON.parse(body) } catch {
            throw RhoError(.value, "the body is not valid JSON: \(error.message)")
        }
        let request = try CompletionRequest(json, tokenizer: tokenizer, model: model.config)
        let choices = try run(request)
        let prompted = choices.reduce(0) { $0 + $1.prompt.count }
        let written = choices.reduce(0) { $0 + $1.output.ids.count }
        return [
            "id": .string(id), "object": "text_completion", "created": JSON(created), "model": .string(name),
            "choices": .array(choices.enumerated().map { self.json($0.element, index: $0.offset, request) }),
            "usage": [
                "prompt_tokens": JSON(prompted), "completion_tokens": JSON(written),
                "total_tokens": JSON(prompted + written),
            ],
        ]
    }

    private func run(_ request: CompletionRequest) throws(RhoError) -> [Choice] {
        // Evaluation harnesses score a prompt by asking for it back with one more token. Its distribution comes with the
        // scores, so the prompt is read once.
        let options = request.generation
        if let count = request.logprobs, options.temperature == 0, options.maxNewTokens <= 1,
            options.repetitionPenalty == 1
        {
            let all = try TokenDistributions.of(request.prompts, top: max(1, count), model: model)
            return zip(request.prompts, all).map { prompt, places in
                let best = options.maxNewTokens == 1 ? places.last?.top.first : nil
                let output = TextGeneration.Output(
                    text: best.map { tokenizer.bytes(of: $0.id) } ?? [], ids: best.map { [$0.id] } ?? [], end: .length)
                var told = places
                if let best { told[told.count - 1].logProbability = best.logProbability }
                return Choice(prompt: prompt, output: output, places: told)
            }
        }
        let generation = TextGeneration(model: model, tokenizer: tokenizer, options: options, stops: request.stops)
        let outputs = try generation.run(ids: request.prompts)
        var choices = zip(request.prompts, outputs).map { Choice(prompt: $0, output: $1) }
        guard let count = request.logprobs else { return choices }
        // The last token of a full context has no room to be read again.
        let rows = choices.map { Array($0.ids.prefix(model.config.context)) }
        let all = try TokenDistributions.of(rows, top: max(1, count), model: model)
        for index in choices.indices { choices[index].places = all[index] }
        return choices
    }

    private func json(_ choice: Choice, index: Int, _ request: CompletionRequest) -> JSON {
        let text = (request.echo ? tokenizer.decode(choice.prompt) : []) + choice.output.text
        return [
            "index": JSON(index), "text": .string(String(decoding: text, as: UTF8.self)),
            "logprobs": request.logprobs.map { logprobs(choice, echo: request.echo, top: $0) } ?? nil,
            "finish_reason": choice.output.end == .stop ? "stop" : "length",
        ]
    }

    private func logprobs(_ choice: Choice, echo: Bool, top count: Int) -> JSON {
        let ids = choice.ids
        var tokens: [JSON] = [], values: [JSON] = [], tops: [JSON] = [], offsets: [JSON] = []
        var offset = 0
        for place in (echo ? 0 : choice.prompt.count)..<ids.count {
            tokens.append(.string(label(ids[place])))
            offsets.append(JSON(offset))
            offset += String(decoding: tokenizer.bytes(of: ids[place]), as: UTF8.self).unicodeScalars.count
            guard place > 0, place - 1 < choice.places.count else {
                values.append(.null)
                tops.append(.null)
                continue
            }
            let told = choice.places[place - 1]
            values.append(told.logProbability.map { JSON(Double($0)) } ?? .null)
            var top: JSONObject = [:]
            for candidate in told.top.prefix(count) {
                top[label(candidate.id)] = JSON(Double(candidate.logProbability))
            }
            // As in OpenAI's answers, the token that stands there is always among them.
            if let own = told.logProbability, top[label(ids[place])] == nil {
                top[label(ids[place])] = JSON(Double(own))
            }
            tops.append(.object(top))
        }
        return [
            "tokens": .array(tokens), "token_logprobs": .array(values), "top_logprobs": .array(tops),
            "text_offset": .array(offsets),
        ]
    }

    /// A token's text; a piece of a character is told by its bytes, since several would look alike as text.
    private func label(_ id: Int32) -> String {
        let bytes = tokenizer.bytes(of: id)
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return "bytes:" + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
