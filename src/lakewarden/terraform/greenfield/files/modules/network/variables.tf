variable "name" {
  description = "What every name begins with."
  type        = string
}

variable "region" {
  description = "The AWS region."
  type        = string
}

variable "vpc_cidr" {
  description = "The addresses of the workspace's VPC; a quarter of them for each of two zones."
  type        = string
}

variable "transit_cidr" {
  description = "The addresses of the VPC that people come through."
  type        = string
}

variable "people_networks" {
  description = "Private networks from which people reach the workspace."
  type        = list(string)
}

variable "endpoint_services" {
  description = "The names of Databricks' PrivateLink services in the region."
  type        = object({ general = string, relay = string })
}

variable "allowed_domains" {
  description = "Domains that clusters may reach; without any, there is no way to the internet."
  type        = list(string)
}

variable "root_bucket" {
  description = "The name of the workspace's root bucket."
  type        = string
}

variable "data_bucket" {
  description = "The name of the bucket of Unity Catalog."
  type        = string
}

variable "flow_logs_bucket" {
  description = "The ARN of the bucket that flow logs are delivered to."
  type        = string
}
