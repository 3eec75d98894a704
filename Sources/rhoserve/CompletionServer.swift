import FlyingFox
import Foundation
import RhoCore
import RhoTraining

/// Hands requests to the service one at a time: the engine has one caller.
private actor CompletionQueue {
    private let service: CompletionService
    private var served = 0

    init(_ service: sending CompletionService) { self.service = service }

    var models: JSON { service.models }

    func complete(_ body: [UInt8]) throws(RhoError) -> JSON {
        served += 1
        return try service.complete(body, id: "cmpl-\(served)", created: Int(Clock.wallSeconds()))
    }
}

/// The HTTP side.
struct CompletionServer {
    private let queue: CompletionQueue
    /// The longest body that is read, in bytes.
    private static let bodyLimit = 64 << 20

    init(_ service: sending CompletionService) { queue = CompletionQueue(service) }

    /// Serves until the process ends. Errors: `.io` where the port cannot be had.
    func run(port: UInt16) throws(RhoError) {
        let queue = queue
        let done = DispatchSemaphore(value: 0)
        let failure = Failure()
        Task {
            do {
                let address = try sockaddr_in.inet(ip4: "127.0.0.1", port: port)
                // A long answer takes minutes; the library's own limit is 15 seconds.
                let handler = ClosureHTTPHandler { request in await Self.answer(request, queue) }
                let server = HTTPServer(address: address, timeout: 24 * 3600, logger: .disabled, handler: handler)
                async let running: Void = server.run()
                try await server.waitUntilListening(timeout: 10)
                if case .ip4(_, let bound) = await server.listeningAddress {
                    Rhoserve.say("serving on http://127.0.0.1:\(bound)/v1/completions")
                }
                try await running
            } catch {
                failure.message = "cannot serve on 127.0.0.1:\(port): \(error.localizedDescription)"
            }
            done.signal()
        }
        done.wait()
        if let message = failure.message { throw RhoError(.io, message, hint: "take another one with --port") }
    }

    /// Written before `done` is signalled and read after.
    private final class Failure: @unchecked Sendable { var message: String? }

    private static func answer(_ request: HTTPRequest, _ queue: CompletionQueue) async -> HTTPResponse {
        switch (request.method, request.path) {
        case (.GET, "/v1/models"): return response(await queue.models)
        case (.POST, "/v1/completions"):
            if let length = request.headers[.contentLength].flatMap(Int.init), length > bodyLimit {
                return problem("a request of \(length) bytes is longer than \(bodyLimit)", .payloadTooLarge)
            }
            do {
                return response(try await queue.complete([UInt8](request.bodyData)))
            } catch let error as RhoError {
                return problem(error.message, error.code == .value ? .badRequest : .internalServerError)
            } catch {
                return problem("the request could not be read: \(error.localizedDescription)", .badRequest)
            }
        case (_, "/v1/models"), (_, "/v1/completions"):
            return problem("\(request.method.rawValue) is not answered at \(request.path)", .methodNotAllowed)
        default:
            return problem(
                "nothing is at \(request.path); there are POST /v1/completions and GET /v1/models", .notFound)
        }
    }

    private static func response(_ json: JSON, _ status: HTTPStatusCode = .ok) -> HTTPResponse {
        HTTPResponse(
            statusCode: status, headers: [.contentType: "application/json"], body: Data(json.serialized().utf8))
    }

    private static func problem(_ message: String, _ status: HTTPStatusCode) -> HTTPResponse {
        response(["error": ["message": .string(message), "type": "invalid_request_error"]], status)
    }
}
