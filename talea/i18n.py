# SPDX-License-Identifier: Apache-2.0
import oslo_i18n

_ = oslo_i18n.TranslatorFactory(domain='talea').primary
