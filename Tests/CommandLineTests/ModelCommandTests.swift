import Glibc
import RhoCore
import Testing

extension CommandLineTests {
    /// The commands that run a model from disk.
    @Suite(.serialized) struct ModelCommands {
        let program: Program

        init() throws {
            program = try Program()
            try program.write(
                "make.lua",
                """
                local rho = require "rho"
                return rho.experiment {
                  name = "make", params = {},
                  run = function()
                    local model = rho.model.llama {
                      tokenizer = rho.tokenizer.bytes(), dim = 16, layers = 1, heads = 2, context = 48, seed = 3,
                    }
                    model:save("m")
                    model:save("m.gguf", { type = "f32" })
                    local adapted = model:lora { rank = 2 }
                    adapted:save("merged", { shard_bytes = 4000, type = "bf16" })
                    adapted:save_adapter("adapter", "m")
                  end,
                }
                """)
            #expect(try program.run("make.lua").status == 0)
            try program.write("rows.jsonl", "{\"q\": \"35 hens\", \"a\": \"12 pigs\"}\n{\"q\": \"a\", \"a\": \"b\"}\n")
        }

        @Test func lossReadsDirectoriesAndFilesAlike() throws {
            let arguments = ["--data", "rows.jsonl", "--text", "{q}\\n{a}", "--json"]
            let (first, second) = (
                try JSON.parse(try program.run(["loss", "m"] + arguments).out),
                try JSON.parse(try program.run(["loss", "m.gguf"] + arguments).out)
            )
            #expect(first["documents"] == 2 && first["tokens"] == 18 && first["bytes"] == 18)
            let loss = try #require(first["loss"]?.doubleValue)
            #expect(loss > 5 && loss < 6 && second["loss"]?.doubleValue == loss)
            let merged = try JSON.parse(try program.run(["loss", "merged"] + arguments).out)
            #expect(abs((merged["loss"]?.doubleValue ?? 0) - loss) < 0.02)
            #expect(try Files.list(program.directory.file("merged")).contains("model.safetensors.index.json"))
            #expect(
                try Files.list(program.directory.file("adapter")) == [
                    "adapter_config.json", "adapter_model.safetensors",
                ])
            let limited = try JSON.parse(try program.run(["loss", "m", "--limit", "1"] + arguments).out)
            #expect(limited["documents"] == 1 && limited["tokens"] == 15)
            #expect(
                try program.run("loss", "m", "--data", "rows.jsonl", "--text", "{a}").out.contains("nats per token"))
            let text = try program.run("loss", "m", "--data", "make.lua")
            #expect(text.status == 1 && text.err.hasPrefix("rhoscript: make.lua:1: "))
        }

        @Test func generateContinuesTexts() throws {
            let one = try program.run("generate", "m", "--prompt", "ab", "--max-tokens", "8", "--temperature", "1")
            let two = try program.run(
                "generate", "m", "-p", "ab", "-p", "cd", "--max-tokens", "8", "--temperature", "1", "--json")
            #expect(one.status == 0 && two.status == 0)
            let lines = try two.out.split(separator: "\n").map { try JSON.parse(String($0)) }
            #expect(lines.count == 2 && lines[0]["prompt"] == "ab" && lines[0]["ids"]?.arrayValue?.isEmpty == false)
            #expect(String(decoding: one.out.utf8.dropLast(), as: UTF8.self) == lines[0]["text"]?.stringValue)
        }

        @Test(arguments: [
            (["loss", "m"], 2, "rhoscript: Missing expected argument '--data <file> ...'"),
            (["loss", "nowhere", "--data", "rows.jsonl", "--text", "{q}"], 1, "rhoscript: nowhere: no such directory"),
            (["loss", "m", "--data", "rows.jsonl", "--text", "{q"], 1, "rhoscript: template \"{q\": the '{'"),
            (
                ["loss", "m", "--data", "rows.jsonl", "--context", "99", "--text", "{q}"], 1,
                "rhoscript: context must be in [1, 48], got 99"
            ),
            (["generate", "m", "-p", "a", "--top-p", "2"], 1, "rhoscript: top_p must be in (0, 1], got 2.0"),
            (["generate", "rows.jsonl", "-p", "a"], 1, "rhoscript: rows.jsonl: not a GGUF file"),
            (["serve", "m", "--port", "70000"], 2, "rhoscript: The value '70000' is invalid for '--port <n>'"),
        ])
        func saysWhatIsWrong(_ arguments: [String], _ status: Int, _ sentence: String) throws {
            let outcome = try program.run(arguments)
            #expect(outcome.status == Int32(status), "\(outcome.err)")
            #expect(outcome.err.hasPrefix(sentence), "\(outcome.err)")
        }

        @Test func serveAnswersCompletions() throws {
            let server = try Server(program, "m")
            defer { server.stop() }
            #expect(try server.ask("GET", "/v1/models").json["data"]?[0]?["id"] == "m")
            let body = #"{"prompt":[[104,101],[97]],"max_tokens":1,"temperature":0,"logprobs":1,"echo":true}"#
            let answer = try server.ask("POST", "/v1/completions", body)
            #expect(answer.status == 200)
            #expect(answer.json["choices"]?.arrayValue?.count == 2)
            #expect(answer.json["choices"]?[0]?["logprobs"]?["token_logprobs"]?.arrayValue?.count == 3)
            let wrong = try server.ask("POST", "/v1/completions", "{}")
            #expect(wrong.status == 400 && wrong.json["error"]?["message"] == "prompt is missing")
            #expect(try server.ask("GET", "/v1/chat").status == 404)
            #expect(try server.ask("GET", "/v1/completions").status == 405)
        }
    }
}

/// `rhoscript serve` on a free port, until it is stopped.
private final class Server {
    private var child: pid_t = 0
    private var port: UInt16 = 0

    init(_ program: Program, _ model: String) throws {
        let log = program.directory.file("serve.err")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        let arguments: [String] = [Program.path, "serve", program.directory.file(model), "--port", "0"]
        var words = arguments.map { strdup($0) } + [nil]
        var variables = program.environment.map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        guard posix_spawn(&child, Program.path, &actions, nil, &words, &variables) == 0 else {
            throw RhoError(.io, "cannot start \(Program.path)")
        }
        for _ in 0..<5000 where port == 0 {
            usleep(2000)
            let text = (try? Files.readText(log)) ?? ""
            if let place = text.firstRange(of: "127.0.0.1:"), text.contains("/v1/completions\n") {
                port = UInt16(text[place.upperBound...].prefix { $0.isNumber }) ?? 0
            }
        }
        #expect(port != 0)
    }

    func stop() {
        kill(child, SIGKILL)
        waitpid(child, nil, 0)
    }

    /// One request on a connection of its own.
    func ask(_ method: String, _ path: String, _ body: String = "") throws -> (status: Int, json: JSON) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw RhoError(.io, "cannot connect to port \(port)") }
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
            + body
        _ = Array(request.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = read(descriptor, &piece, piece.count), count > 0 { answer += piece[..<count] }
        let text = String(decoding: answer, as: UTF8.self)
        let status = Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0
        let json = text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
        return (status, try JSON.parse(json))
    }
}
