output "endpoint" {
  description = "URL of the API."
  value       = aws_apigatewayv2_api.this.api_endpoint
}

output "id" {
  description = "Identifier of the API, also in CloudWatch."
  value       = aws_apigatewayv2_api.this.id
}
